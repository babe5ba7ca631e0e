"""Reminders over HTTP."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any
from uuid import UUID

from ninja import Query
from pydantic import ValidationError

from opsconsole.api import Mount, Problem, Router, beforehand, needs, problems_of
from opsconsole.api.configuration import configuration
from opsconsole.api.paging import Page, next_of, page_size
from opsconsole.api.requests import ApiRequest
from opsconsole.console import audit
from opsconsole.engine.queries.present import database_now
from opsconsole.reminders import NoSuchReminder, NotActive, Refused, Unreadable, delivering, operations, queries
from opsconsole.reminders.models import ReminderRow
from opsconsole.reminders.reminder import Reminder
from opsconsole.reminders.shapes import (
    Delay,
    Happened,
    NewReminder,
    NewTime,
    ReminderShown,
    RemindersWanted,
    WantedEvents,
    Why,
)
from opsconsole.streams import read

logger = logging.getLogger(__name__)
router = Router()

VIEW, DEFINE = "ops_reminders.view_reminder", "ops_reminders.define_reminder"
CANCEL, RESCHEDULE = "ops_reminders.cancel_reminder", "ops_reminders.reschedule_reminder"
FIRE = "ops_reminders.fire_reminder"
ANSWERS = {200: ReminderShown, **problems_of(404, 409)}


def look_up(request: ApiRequest) -> None:
    """The host of the address: the name service may take its time."""
    try:
        wanted = NewReminder.model_validate(request.json_body)
    except ValidationError:
        return  # told by the operation, with all that is wrong
    with _refusals():
        wanted.time()
        delivering.check(wanted.address)


@router.post("", response=ReminderShown)
@needs(DEFINE, open_on_loopback=True)
@beforehand(look_up)
def define(request: ApiRequest, wanted: NewReminder) -> Any:
    """Have an address called when the time has come: so long from now, or at a moment.

    The call is a POST; any answer but 2xx counts as a failure and is tried again, later and later. Its body is JSON:
    id, address and scheduledAt, the same at every try, as is the header Idempotency-Key. The headers Reminder-Attempt
    and Reminder-Called-At tell the tries apart.
    """
    tenant = request.caller.acting_in(wanted.tenant)
    with _refusals():
        return _shown(operations.define(address=wanted.address, tenant=tenant, is_checked=True, **wanted.time()))


@router.get("", response=Page[ReminderShown])
@needs(VIEW, open_on_loopback=True)
def list_(request: ApiRequest, wanted: Query[RemindersWanted]) -> Any:
    """Reminders, the newest first. The list follows what happens within moments; a single reminder is as it is."""
    size, tenant = page_size(wanted.limit), request.caller.tenant
    rows, older = queries.newest(status=wanted.status or "", tenant=tenant, before=wanted.cursor, size=size)
    now = database_now()
    return Page[ReminderShown](items=[ReminderShown.of(row, now) for row in rows], next=next_of(request, older))


@router.get("/{identifier}", response=ANSWERS)
@needs(VIEW, open_on_loopback=True)
def show(request: ApiRequest, identifier: UUID) -> Any:
    """One reminder, as it is at this moment."""
    return _shown(_found(request, identifier))


@router.get("/{identifier}/events", response={200: Page[Happened], **problems_of(404, 409)})
@needs(VIEW, open_on_loopback=True)
def events(request: ApiRequest, identifier: UUID, wanted: Query[WantedEvents]) -> Any:
    """What has happened to it, in order: every change, and every call with what came of it."""
    _found(request, identifier)
    size = configuration().largest_page
    page = list(islice(read(Reminder.stream(identifier), after=wanted.cursor), size + 1))
    shown = [
        Happened(version=one.version or 0, type=one.type, occurred_at=one.occurred_at, data=json.loads(one.data))
        for one in page[:size]
    ]
    return Page[Happened](items=shown, next=next_of(request, page[size - 1].version if len(page) > size else None))


@router.post("/{identifier}", response=ANSWERS)
@needs(VIEW, open_on_loopback=True)
def receive(request: ApiRequest, identifier: UUID) -> Any:
    """Takes the call of a reminder, whatever it says: a target to try reminders with. Nothing comes of it."""
    return _shown(_found(request, identifier))


@router.post("/{identifier}/cancel", response=ANSWERS)
@needs(CANCEL, open_on_loopback=True)
def cancel(request: ApiRequest, identifier: UUID, why: Why | None = None) -> Any:
    """Have its address not called."""
    reason = why.reason if why else ""
    return _done(request, identifier, "Cancel", reason, lambda own: operations.cancel(identifier, **own))


@router.post("/{identifier}/reschedule", response=ANSWERS)
@needs(RESCHEDULE, open_on_loopback=True)
def reschedule(request: ApiRequest, identifier: UUID, wanted: NewTime) -> Any:
    """Set it to another time: so long from now, or at a moment."""
    with _refusals():
        time = wanted.time()
    return _done(
        request, identifier, "Reschedule", wanted.reason, lambda own: operations.reschedule(identifier, **time, **own)
    )


@router.post("/{identifier}/snooze", response=ANSWERS)
@needs(RESCHEDULE, open_on_loopback=True)
def snooze(request: ApiRequest, identifier: UUID, wanted: Delay) -> Any:
    """Put it off: so long from now."""
    with _refusals():
        timer = wanted.timer()
    return _done(request, identifier, "Snooze", wanted.reason, lambda own: operations.snooze(identifier, timer, **own))


@router.post("/{identifier}/fire", response=ANSWERS)
@needs(FIRE, open_on_loopback=True)
def fire(request: ApiRequest, identifier: UUID, why: Why | None = None) -> Any:
    """Have its address called now, and not again at its time."""
    reason = why.reason if why else ""
    return _done(request, identifier, "Fire now", reason, lambda own: operations.fire(identifier, **own))


def _done(
    request: ApiRequest, identifier: UUID, what: str, reason: str, act: Callable[[dict[str, Any]], Reminder]
) -> ReminderShown:
    """Do it, and write it into the admin's log when there is a user; the request is one transaction."""
    with _refusals():
        reminder = act({"reason": reason, "tenant": request.caller.tenant})
    if request.caller.user is not None:
        told = [what, f"reason: {reason}" if reason else "", f"via {request.caller.via}"]
        audit.noted(request, ReminderRow(pk=identifier), "; ".join(filter(None, told)))
    return _shown(reminder)


def _shown(reminder: Reminder) -> ReminderShown:
    return ReminderShown.of(reminder, database_now())


def _found(request: ApiRequest, identifier: UUID) -> Reminder:
    with _refusals():
        return operations.find(identifier, tenant=request.caller.tenant)


@contextmanager
def _refusals() -> Iterator[None]:
    """What cannot be done, as problems: 404, 409, or 422 with the field named."""
    try:
        yield
    except NoSuchReminder as error:
        detail = f"{error}."
        raise Problem(404, detail[0].upper() + detail[1:]) from None
    except Unreadable as error:
        logger.warning("%s", error, extra={"action": "reminder.unreadable"})
        raise Problem(409, "What is stored of this reminder cannot be read just now.", type="unreadable") from None
    except NotActive as error:
        raise Problem(409, f"Nothing was done: {error}.", type="not-active") from None
    except Refused as error:
        raise Problem.of_field(f"body.{error.field}" if error.field else "body", str(error)) from None


MOUNTS = [Mount("/api/v1/reminders", router, "Reminders")]
