"""What the console learns about schedules: pages, an entry of the rail, where the cause of a command leads, what the
overview says, and what the search finds."""

from collections.abc import Iterator
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse

from opsconsole.console.dashboard.verdict import Finding
from opsconsole.console.extensions import Entry, Match, Outside, Page
from opsconsole.engine.queries.present import database_now
from opsconsole.schedules import queries, views
from opsconsole.schedules.declaring import DECLARED
from opsconsole.schedules.models import Run, Schedule
from opsconsole.schedules.standing import finding_on

VIEW = "ops_schedules.view_schedule"
FOUND = 10  # schedules named by a search

PAGES = (
    Page("engine/schedules/", "ops_schedules", VIEW, views.show_list),
    Page("engine/schedules/<str:name>/", "ops_schedule", VIEW, views.show),
    Page("engine/schedules/<str:name>/act/", "ops_schedule_act", VIEW, views.act),
)
ENTRIES = (Entry("Schedules", "schedule", "ops_schedules", VIEW),)


def _origin(identifier: UUID, request: HttpRequest) -> Outside | None:
    run = Run.objects.filter(pk=identifier).first() if request.user.has_perm(VIEW) else None
    if run is None:
        return None
    detail = f"on demand of {run.asked_by}" if run.is_manual else f"for {run.slot}"
    return Outside("Run of schedule", run.schedule_id, f"{_address(run.schedule_id)}#run-{run.pk}", detail)


ORIGINS = {"schedule": _origin}


def findings(request: HttpRequest) -> Iterator[Finding]:
    """Schedules that fail, are late or paused."""
    if not request.user.has_perm(VIEW):
        return
    now = database_now()
    for overview in queries.all_schedules():
        if found := finding_on(overview, now, _address(overview.name)):
            yield found


def locate(identifier: UUID, request: HttpRequest) -> str | None:
    """The place of a run on its schedule's page."""
    origin = _origin(identifier, request)
    return origin.url if origin else None


def matches(text: str, request: HttpRequest) -> Iterator[Match]:
    """Schedules whose name contains the text."""
    if not request.user.has_perm(VIEW):
        return
    gone = Schedule.objects.filter(name__icontains=text).values_list("name", flat=True)[:FOUND]
    declared = {name for name, _ in DECLARED if text.lower() in name.lower()}
    for name in sorted({*gone, *declared})[:FOUND]:
        yield Match("schedule", name, _address(name), "schedule")


def _address(name: str) -> str:
    return reverse("admin:ops_schedule", args=[name])
