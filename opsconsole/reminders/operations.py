"""What may be done to reminders. Each joins the caller's transaction, or makes its own; permissions are the caller's
business. With a `tenant`, reminders of others do not exist."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from pydantic import ValidationError

from opsconsole.engine import Event
from opsconsole.engine.messages import NewerVersion
from opsconsole.engine.queries.present import database_now
from opsconsole.kernel import tracing
from opsconsole.kernel.identifiers import uuid7
from opsconsole.kernel.registry import UnknownName
from opsconsole.reminders.delivering import check
from opsconsole.reminders.events import ReminderDefined
from opsconsole.reminders.models import ReminderRow
from opsconsole.reminders.refusals import BadTime, NoSuchReminder, Unreadable
from opsconsole.reminders.reminder import Reminder
from opsconsole.reminders.timers import Timer, moment
from opsconsole.streams import NEW, MissingEvents, NotApplied, append, decide, load

REASON_LENGTH = 500  # characters


def define(
    *,
    address: str,
    timer: Timer | None = None,
    at: datetime | None = None,
    tenant: str = "",
    is_checked: bool = False,
) -> Reminder:
    """Have `address` called when the time has come; raises BadTime, BadAddress. It belongs to `tenant`, or to that of
    whatever is under way.

    The host of the address is looked up, which may take seconds: in a transaction that holds locks, do so before it
    begins, with `delivering.check`, and say that it `is_checked`. It is checked again when it is called.
    """
    if not is_checked:
        check(address)
    tenant = tenant or tracing.current().tenant
    scheduled_at = due(timer, at)
    event = ReminderDefined(reminder_id=uuid7(), address=address, scheduled_at=scheduled_at, timer=timer, tenant=tenant)
    with transaction.atomic():
        append(Reminder.stream(event.reminder_id), event, expected=NEW, tenant=tenant)
    return Reminder().apply(event)


def find(reminder_id: UUID, *, tenant: str = "") -> Reminder:
    """A reminder as its events made it, right behind the last of them; raises NoSuchReminder, and Unreadable, as
    everything does that is done to one."""
    try:
        state = load(Reminder, reminder_id).state
    except (MissingEvents, UnknownName, NewerVersion, ValidationError, NotApplied) as error:
        if tenant and not ReminderRow.objects.filter(pk=reminder_id, tenant=tenant).exists():
            raise _no_such(reminder_id) from None
        raise Unreadable(f"reminder {reminder_id} cannot be read: {type(error).__name__}: {error}") from error
    return _of(state, reminder_id, tenant)


def cancel(reminder_id: UUID, *, reason: str = "", tenant: str = "") -> Reminder:
    """Its address will not be called; raises NotActive, NoSuchReminder."""
    return _decide(reminder_id, tenant, lambda state: state.cancel(_cut(reason)))


def reschedule(
    reminder_id: UUID, *, timer: Timer | None = None, at: datetime | None = None, reason: str = "", tenant: str = ""
) -> Reminder:
    """Set it to another time, so long from now or at a moment; raises BadTime, NotActive, NoSuchReminder."""
    scheduled_at = due(timer, at)
    return _decide(reminder_id, tenant, lambda state: state.reschedule(scheduled_at, reason=_cut(reason)))


def snooze(reminder_id: UUID, timer: Timer, *, reason: str = "", tenant: str = "") -> Reminder:
    """Its time is so long from now, whenever it was before; raises NotActive, NoSuchReminder."""
    scheduled_at = due(timer, None)
    return _decide(
        reminder_id, tenant, lambda state: state.reschedule(scheduled_at, how="snoozed", reason=_cut(reason))
    )


def fire(reminder_id: UUID, *, reason: str = "", tenant: str = "") -> Reminder:
    """Its time is now; raises BeingCalled when it has come already, NotActive, NoSuchReminder."""
    now = database_now()
    return _decide(reminder_id, tenant, lambda state: state.fire(now, reason=_cut(reason)))


def due(timer: Timer | None, at: datetime | None) -> datetime:
    """The moment that a timer or a moment means, by the clock of the database, which decides what is due."""
    if (timer is None) == (at is None):
        raise BadTime("set either a timer, in hours, minutes and seconds, or a moment", "at")
    now = database_now()
    return now + timer.length if timer is not None else moment(at, now)  # type: ignore[arg-type]


def _decide(reminder_id: UUID, tenant: str, decision: Callable[[Reminder], Event]) -> Reminder:
    """In the name of the tenant that the reminder belongs to: its list is what it is told from."""
    known = find(reminder_id, tenant=tenant)
    return decide(Reminder, reminder_id, decision, tenant=known.tenant).state


def _of(state: Reminder, reminder_id: UUID, tenant: str) -> Reminder:
    if not state.status or (tenant and state.tenant != tenant):
        raise _no_such(reminder_id)
    return state


def _no_such(reminder_id: UUID) -> NoSuchReminder:
    return NoSuchReminder(f"there is no reminder {reminder_id}")


def _cut(reason: str) -> str:
    return reason.strip()[:REASON_LENGTH]
