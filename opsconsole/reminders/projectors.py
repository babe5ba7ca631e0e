"""Keeps the list of reminders."""

from typing import Any

from opsconsole.reminders.events import (
    ReminderCallFailed,
    ReminderCancelled,
    ReminderCompleted,
    ReminderDefined,
    ReminderElapsed,
    ReminderFailed,
    ReminderRescheduled,
)
from opsconsole.reminders.models import ReminderRow
from opsconsole.reminders.states import ACTIVE, CANCELLED, COMPLETED, FAILED
from opsconsole.streams import Recorded, RowProjector, projects


def _about(event: Any) -> Any:
    return event.reminder_id


class RemindersListed(RowProjector, name="reminders.listed", models=[ReminderRow], on_failure="park"):
    """Says of each event what the aggregate says of it; `Reminder` holds the reasons. An event that cannot be applied
    holds up its own reminder, and no other."""

    @projects(ReminderDefined, row=_about)
    def defined(self, row: ReminderRow, event: ReminderDefined, recorded: Recorded) -> None:
        row.status, row.address, row.tenant = ACTIVE, event.address, event.tenant
        row.scheduled_at, row.occasion = event.scheduled_at, 1
        row.defined_at, row.version = recorded.occurred_at, recorded.version or 0

    @projects(ReminderRescheduled, row=_about)
    def rescheduled(self, row: ReminderRow, event: ReminderRescheduled, recorded: Recorded) -> None:
        row.scheduled_at, row.occasion, row.attempts = event.scheduled_at, event.occasion, 0
        row.next_try_at, row.version = None, recorded.version or 0

    @projects(ReminderElapsed, row=_about)
    def elapsed(self, row: ReminderRow, event: ReminderElapsed, recorded: Recorded) -> None:
        row.called_at, row.version = event.called_at, recorded.version or 0

    @projects(ReminderCallFailed, row=_about)
    def call_failed(self, row: ReminderRow, event: ReminderCallFailed, recorded: Recorded) -> None:
        if row.status == ACTIVE and event.occasion == row.occasion:
            row.called_at, row.status_code, row.problem = event.called_at, event.status_code, event.problem
            row.attempts, row.next_try_at = event.attempt, event.next_try_at
        row.version = recorded.version or 0

    @projects(ReminderCompleted, row=_about)
    def completed(self, row: ReminderRow, event: ReminderCompleted, recorded: Recorded) -> None:
        row.called_at, row.status_code, row.problem, row.attempts = (
            event.called_at,
            event.status_code,
            "",
            event.attempt,
        )
        if row.status == ACTIVE:
            row.status, row.ended_at = COMPLETED, recorded.occurred_at
        row.next_try_at, row.version = None, recorded.version or 0

    @projects(ReminderFailed, row=_about)
    def failed(self, row: ReminderRow, event: ReminderFailed, recorded: Recorded) -> None:
        self._end(row, FAILED, recorded)

    @projects(ReminderCancelled, row=_about)
    def cancelled(self, row: ReminderRow, event: ReminderCancelled, recorded: Recorded) -> None:
        self._end(row, CANCELLED, recorded)

    @staticmethod
    def _end(row: ReminderRow, status: str, recorded: Recorded) -> None:
        row.status, row.ended_at, row.next_try_at = status, recorded.occurred_at, None
        row.version = recorded.version or 0
