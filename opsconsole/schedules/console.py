"""What the console learns about schedules: pages, an entry of the rail, and where the cause of a command leads."""

from uuid import UUID

from django.urls import reverse

from opsconsole.console.extensions import Entry, Outside, Page
from opsconsole.schedules import views
from opsconsole.schedules.models import Run

VIEW = "ops_schedules.view_schedule"

PAGES = (
    Page("engine/schedules/", "ops_schedules", VIEW, views.show_list),
    Page("engine/schedules/<str:name>/", "ops_schedule", VIEW, views.show),
    Page("engine/schedules/<str:name>/act/", "ops_schedule_act", VIEW, views.act),
)
ENTRIES = (Entry("Schedules", "schedule", "ops_schedules", VIEW),)


def _origin(identifier: UUID) -> Outside | None:
    run = Run.objects.filter(pk=identifier).first()
    if run is None:
        return None
    url = reverse("admin:ops_schedule", args=[run.schedule_id])
    detail = f"on demand of {run.asked_by}" if run.is_manual else f"for {run.slot}"
    return Outside("Run of schedule", run.schedule_id, f"{url}#run-{run.pk}", detail)


ORIGINS = {"schedule": _origin}
