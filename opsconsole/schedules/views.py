"""The pages: all schedules, one schedule, and what is done to it."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from opsconsole.console import audit
from opsconsole.console.kinds import KINDS
from opsconsole.console.pages import reason_of, refused, respond
from opsconsole.engine.queries.present import database_now
from opsconsole.schedules import queries, standing
from opsconsole.schedules.models import Schedule
from opsconsole.schedules.offers import ACTS, Act, offers
from opsconsole.schedules.operations import Refused

if TYPE_CHECKING:
    from opsconsole.console.site import OpsAdminSite


def show_list(request: HttpRequest, site: "OpsAdminSite") -> HttpResponse:
    now = database_now()
    rows = [
        {
            "overview": overview,
            "standing": standing.standing(overview, now),
            "next": next(iter(overview.coming(now, 1)), None),
            "waiting": len(overview.waiting(now)),
        }
        for overview in queries.all_schedules()
    ]
    return respond(request, site, "schedules/list", {"title": "Schedules", "rows": rows})


def show(request: HttpRequest, site: "OpsAdminSite", name: str) -> HttpResponse:
    """One schedule: how it stands, what ran, what comes next, what can be done."""
    overview = queries.one_schedule(name)
    if overview is None:
        return respond(request, site, "schedules/missing", {"title": "No such schedule", "name": name}, status=404)
    now = database_now()
    before = _identifier(request.GET.get("before", ""))
    runs = queries.runs_before(name, before)
    queries.add_events(runs)
    context: dict[str, Any] = {
        "title": name,
        "overview": overview,
        "row": overview.row,
        "declaration": overview.declaration,
        "standing": standing.standing(overview, now),
        "notes": list(standing.notes_on(overview, now)),
        "runs": runs[: queries.RUNS],
        "older": runs[queries.RUNS - 1].run.pk if len(runs) > queries.RUNS else None,
        "is_first_page": before is None,
        "coming": overview.coming(now),
        "waiting": len(overview.waiting(now)),
        "policy": standing.policy_of(overview),
        "offers": list(offers(request, overview)),
    }
    return respond(request, site, "schedules/detail", context)


def act(request: HttpRequest, site: "OpsAdminSite", name: str) -> HttpResponse:
    """Do what the pressed button says, and tell truly what came of it."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    wanted = ACTS.get(request.POST.get("action", ""))
    if wanted is None:
        messages.error(request, "There is no such action.")
    elif not request.user.has_perm(wanted.permission):
        return refused(request, site, wanted.permission)
    else:
        _perform(request, wanted, name)
    return HttpResponseRedirect(reverse("admin:ops_schedule", args=[name]))


def _perform(request: HttpRequest, wanted: Act, name: str) -> None:
    reason = reason_of(request)
    try:
        with transaction.atomic():
            done = wanted.perform(name, actor=request.user.get_username(), reason=reason)
            message = f"{wanted.label}: {done.text}" + (f"; reason: {reason}" if reason else "")
            audit.noted(request, Schedule(name=name), message)
    except Refused as refusal:
        messages.warning(request, f"Nothing was done: {refusal}.")
        return
    if done.command_id is None:
        messages.success(request, f"{done.text}.")
        return
    url = KINDS["command"].url(done.command_id)
    messages.success(request, format_html('{}: <a href="{}">its command</a>.', done.text, url))


def _identifier(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
