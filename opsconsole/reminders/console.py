"""What the console learns about reminders: pages, an entry of the rail, where an id leads, what the overview says."""

from collections.abc import Iterator
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse

from opsconsole.console.dashboard.verdict import Finding
from opsconsole.console.extensions import Entry, Page
from opsconsole.console.words import counted
from opsconsole.engine.queries.present import database_now
from opsconsole.reminders import queries, views
from opsconsole.reminders.models import ReminderRow

VIEW = "ops_reminders.view_reminder"

PAGES = (
    Page("engine/reminders/", "ops_reminders", VIEW, views.show_list),
    Page("engine/reminders/<uuid:pk>/", "ops_reminder", VIEW, views.show),
    Page("engine/reminders/<uuid:pk>/act/", "ops_reminder_act", VIEW, views.act),
)
ENTRIES = (Entry("Reminders", "overdue", "ops_reminders", VIEW),)


def findings(request: HttpRequest) -> Iterator[Finding]:
    """Reminders whose time has passed and of which nothing has come."""
    if not request.user.has_perm(VIEW):
        return
    late = queries.count("late", "", database_now())
    if late.number:
        told = f"{late.number:,}{'+' if late.is_more else ''} reminders are late" if late.number > 1 else ""
        yield Finding(
            "error",
            told or f"{counted(late.number, 'reminder')} is late",
            "Their time has passed, or that of the next try, and nothing has come of it.",
            "Does a worker serve the queue “reminders”, or is it paused?",
            f"{reverse('admin:ops_reminders')}?condition=late",
            "the late ones",
        )


def locate(identifier: UUID, request: HttpRequest) -> str | None:
    """The page of a reminder."""
    if request.user.has_perm(VIEW) and ReminderRow.objects.filter(pk=identifier).exists():
        return reverse("admin:ops_reminder", args=[identifier])
    return None
