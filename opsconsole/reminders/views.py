"""The pages: reminders by their condition, one reminder, and what is done to it."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse

from opsconsole.console import audit, controls, differences
from opsconsole.console.extensions import tenant_labels
from opsconsole.console.pages import reason_of, refused, respond
from opsconsole.console.reading import Reading
from opsconsole.engine.queries.present import database_now
from opsconsole.reminders import operations, queries, standing
from opsconsole.reminders.models import ReminderRow
from opsconsole.reminders.offers import ACTS, Act, offers
from opsconsole.reminders.refusals import NoSuchReminder, Refused, Unreadable
from opsconsole.reminders.reminder import Reminder
from opsconsole.streams import read_backward
from opsconsole.streams.models import Process
from opsconsole.streams.queries.states import state_at

if TYPE_CHECKING:
    from opsconsole.console.site import OpsAdminSite

EVENTS = 100  # of the timeline, the latest


def show_list(request: HttpRequest, site: "OpsAdminSite") -> HttpResponse:
    reading, now = Reading(request.GET), database_now()
    condition = reading.one_of("condition", tuple(queries.CONDITIONS))
    tenant = reading.text("tenant")
    rows, following = queries.in_condition(condition, tenant, now, reading.identifier("before"))
    tenants = controls.choose(
        reading, "tenant", "Tenant", sorted(tenant_labels().items(), key=lambda pair: pair[1].lower())
    )
    context = {
        "title": "Reminders",
        "rows": [(row, standing.standing(row, now)) for row in rows],
        "totals": [
            (name, look, queries.count(name, tenant, now)) for name, look in [("", None), *standing.CONDITIONS.items()]
        ],
        "condition": condition,
        "by_time": condition in queries.BY_TIME,
        "following": following,
        "is_first_page": not reading.text("before"),
        "controls": [tenants],
        "chips": [tenants] if tenant else [],
        "complaints": reading.complaints,
    }
    return respond(request, site, "reminders/list", context)


def show(request: HttpRequest, site: "OpsAdminSite", pk: UUID) -> HttpResponse:
    """One reminder, as its stream has it: countdown, timeline, what it was at any version, what can be done."""
    try:
        reminder = operations.find(pk)
    except NoSuchReminder:
        return respond(request, site, "reminders/missing", {"title": "No such reminder", "pk": pk}, status=404)
    except Unreadable as obstacle:
        told = {"title": "Reminder", "pk": pk, "obstacle": str(obstacle), "stream": Reminder.stream(pk)}
        return respond(request, site, "reminders/unreadable", told, status=409)
    reading, now, stream = Reading(request.GET), database_now(), Reminder.stream(pk)
    latest = [one for one, _ in zip(read_backward(stream), range(EVENTS), strict=False)]
    context: dict[str, Any] = {
        "title": "Reminder",
        "pk": pk,
        "reminder": reminder,
        "standing": standing.standing(reminder, now),
        "timeline": list(map(standing.happened, latest)),
        "is_more": reminder.version > len(latest),
        "stream": stream,
        "process": Process.objects.filter(type="reminders.delivery", subject=str(pk)).order_by("-id").first(),
        "offers": list(offers(request, reminder, now)),
        **_state(reading, stream, reminder.version),
        "complaints": reading.complaints,
    }
    return respond(request, site, "reminders/detail", context)


def _state(reading: Reading, stream: str, last: int) -> dict[str, Any]:
    """What it was after one event, and what that event had changed."""
    wanted = reading.number("version")
    at = last if wanted is None else min(wanted, last)
    state, before = (state_at(Reminder, stream, version) for version in (at, max(at - 1, 0)))
    changes = differences.between(before.state, state.state) if state.state and before.state else None
    return {"state": state, "differences": changes}


def act(request: HttpRequest, site: "OpsAdminSite", pk: UUID) -> HttpResponse:
    """Do what the pressed button says, and tell truly what came of it."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    wanted = ACTS.get(request.POST.get("action", ""))
    if wanted is None:
        messages.error(request, "There is no such action.")
    elif not request.user.has_perm(wanted.permission):
        return refused(request, site, wanted.permission)
    else:
        _perform(request, wanted, pk)
    return HttpResponseRedirect(reverse("admin:ops_reminder", args=[pk]))


def _perform(request: HttpRequest, wanted: Act, pk: UUID) -> None:
    reason = reason_of(request)
    try:
        with transaction.atomic():
            wanted.perform(pk, request.POST, reason)
            audit.noted(request, ReminderRow(pk=pk), wanted.label + (f"; reason: {reason}" if reason else ""))
    except (Refused, NoSuchReminder, Unreadable) as refusal:
        messages.warning(request, f"Nothing was done: {refusal}.")
        return
    messages.success(request, f"{wanted.done}.")
