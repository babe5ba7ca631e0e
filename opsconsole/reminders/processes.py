"""Delivery: from the definition of a reminder to its end, whatever crashes in between.

    waiting ──► retrying ──► completed | failed | cancelled

Its command is on the way as soon as the reminder is defined and waits for the due time in the engine, so that nothing
but a claim stands between that moment and the call. Another time is another occasion with a command of its own; the
earlier one finds that it has been overtaken. Retries are the engine's.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from opsconsole.reminders.commands import CallBack
from opsconsole.reminders.events import (
    ReminderCallFailed,
    ReminderCancelled,
    ReminderCompleted,
    ReminderDefined,
    ReminderFailed,
    ReminderRescheduled,
)
from opsconsole.streams import Later, ProcessManager, begins_with, moves_on

WAITING, RETRYING = "waiting", "retrying"
ENDS = ("completed", "failed", "cancelled")


def _about(event: Any) -> str:
    return str(event.reminder_id)


class Delivery(
    ProcessManager,
    name="reminders.delivery",
    moves={
        WAITING: {WAITING, RETRYING, *ENDS},
        RETRYING: {WAITING, *ENDS},
        **{end: set() for end in ENDS},
    },
    begins_in=[WAITING],
    start="beginning",  # none that was defined before this process was first seen may be missed
    on_failure="park",  # an event that cannot be applied holds up its own reminder, and no other
    stuck_after=timedelta(days=3650),  # to wait is its work; who is late is told by the list of reminders
):
    reminder_id: UUID
    occasion: int
    scheduled_at: datetime
    address: str

    def subject(self) -> str:
        return str(self.reminder_id)

    @begins_with(ReminderDefined)
    @classmethod
    def defined(cls, event: ReminderDefined) -> Self:
        return cls(
            status=WAITING,
            reminder_id=event.reminder_id,
            occasion=1,
            scheduled_at=event.scheduled_at,
            address=event.address,
        )

    @moves_on(ReminderRescheduled, subject=_about)
    def rescheduled(self, event: ReminderRescheduled) -> Self:
        return self.to(WAITING, occasion=event.occasion, scheduled_at=event.scheduled_at)

    @moves_on(ReminderCallFailed, subject=_about)
    def call_failed(self, event: ReminderCallFailed) -> Self | None:
        is_overtaken = event.occasion != self.occasion
        return None if is_overtaken or self.status == RETRYING else self.to(RETRYING)

    @moves_on(ReminderCompleted, subject=_about)
    def completed(self, event: ReminderCompleted) -> Self:
        return self.to("completed")

    @moves_on(ReminderFailed, subject=_about)
    def failed(self, event: ReminderFailed) -> Self:
        return self.to("failed")

    @moves_on(ReminderCancelled, subject=_about)
    def cancelled(self, event: ReminderCancelled) -> Self:
        return self.to("cancelled")

    def next_commands(self) -> Iterator[Later]:
        if self.status == WAITING:
            command = CallBack(
                reminder_id=self.reminder_id,
                occasion=self.occasion,
                scheduled_at=self.scheduled_at,
                address=self.address,
            )
            yield Later(command, at=self.scheduled_at)
