"""The aggregate: what a reminder is, and what may be done to it.

Decisions refuse what does not fit the state. What a call came to is a fact, though, and is kept whatever happened
meanwhile: a receiver that has answered is not called again because somebody cancelled at that very moment.
"""

from datetime import datetime
from typing import Self
from uuid import UUID

from opsconsole.engine import Event
from opsconsole.reminders import calls
from opsconsole.reminders.calls import Call
from opsconsole.reminders.commands import CallBack
from opsconsole.reminders.events import (
    ReminderCallFailed,
    ReminderCancelled,
    ReminderCompleted,
    ReminderDefined,
    ReminderElapsed,
    ReminderFailed,
    ReminderRescheduled,
)
from opsconsole.reminders.refusals import BeingCalled, NotActive
from opsconsole.reminders.states import ACTIVE, CANCELLED, COMPLETED, FAILED
from opsconsole.reminders.timers import Timer
from opsconsole.streams import Aggregate, applies


class Reminder(Aggregate, category="reminder"):
    """`occasion` is the version that set the time; attempts, elapsing and the next try belong to it."""

    reminder_id: UUID | None = None
    status: str = ""
    address: str = ""
    timer: Timer | None = None
    tenant: str = ""
    scheduled_at: datetime | None = None
    occasion: int = 0
    elapsed_at: datetime | None = None
    attempts: int = 0
    status_code: int | None = None
    problem: str = ""
    next_try_at: datetime | None = None
    version: int = 0

    def cancel(self, reason: str = "") -> ReminderCancelled:
        self._require_active("cancelled")
        return ReminderCancelled(reminder_id=self.identifier, reason=reason)

    def reschedule(self, at: datetime, *, how: str = "rescheduled", reason: str = "") -> ReminderRescheduled:
        """Another time. A call that is on its way for the earlier one will find that it has been overtaken."""
        self._require_active(how)
        return ReminderRescheduled(
            reminder_id=self.identifier, occasion=self.version + 1, scheduled_at=at, how=how, reason=reason
        )

    def fire(self, now: datetime, *, reason: str = "") -> ReminderRescheduled:
        """Its time is now, unless it is due anyway."""
        self._require_active("fired")
        if self.is_being_called(now):
            raise BeingCalled("it is due, and is called as soon as a worker is free, if not just now")
        return self.reschedule(now, how="fired", reason=reason)

    def is_being_called(self, now: datetime) -> bool:
        """Whether a call may be on the way: its time has come, or that of the next try. Between tries nobody is
        calling."""
        due_at = self.next_try_at or self.scheduled_at
        return due_at is not None and due_at <= now

    def complete(self, wanted: CallBack, call: Call) -> list[Event]:
        """The receiver took the call."""
        self._require_active("completed")
        return [*self._first_called(wanted, call), calls.completed(wanted, call)]

    def fail(self, reason: str) -> ReminderFailed:
        """Nobody will try again."""
        self._require_active("failed")
        return self._failed(self.attempts, reason)

    def obstacle(self, wanted: CallBack) -> str:
        """Why this call is not to be made, or nothing."""
        if not self.status:
            return "there is no such reminder"
        if self.status != ACTIVE:
            return f"the reminder is {self.status.lower()}"
        return "" if self.occasion == wanted.occasion else "the reminder was set to another time"

    def call_failed(self, wanted: CallBack, call: Call, next_try_at: datetime | None) -> list[Event]:
        """The facts of a call that came to nothing; with the last one, a reminder that waits for it has failed. One
        that does not wait for it any more is not called again."""
        if self.obstacle(wanted):
            return [*self._first_called(wanted, call), calls.call_failed(wanted, call, None)]
        facts = [*self._first_called(wanted, call), calls.call_failed(wanted, call, next_try_at)]
        if next_try_at is None:
            facts.append(self._failed(call.attempt, call.problem))
        return facts

    def apply(self, event: Event) -> Self:
        return super().apply(event).with_(version=self.version + 1)

    @applies(ReminderDefined)
    def defined(self, event: ReminderDefined) -> Self:
        return self.with_(
            reminder_id=event.reminder_id,
            status=ACTIVE,
            address=event.address,
            timer=event.timer,
            tenant=event.tenant,
            scheduled_at=event.scheduled_at,
            occasion=1,
        )

    @applies(ReminderRescheduled)
    def rescheduled(self, event: ReminderRescheduled) -> Self:
        anew = {"scheduled_at": event.scheduled_at, "occasion": event.occasion, "elapsed_at": None, "attempts": 0}
        return self.with_(**anew, next_try_at=None)

    @applies(ReminderElapsed)
    def elapsed(self, event: ReminderElapsed) -> Self:
        return self.with_(elapsed_at=event.called_at) if event.occasion == self.occasion else self

    @applies(ReminderCallFailed)
    def tried(self, event: ReminderCallFailed) -> Self:
        if self.status != ACTIVE or event.occasion != self.occasion:
            return self  # an answer that came too late
        told = {"status_code": event.status_code, "problem": event.problem}
        return self.with_(**told, attempts=event.attempt, next_try_at=event.next_try_at)

    @applies(ReminderCompleted)
    def completed(self, event: ReminderCompleted) -> Self:
        told = self.with_(status_code=event.status_code, problem="", attempts=event.attempt, next_try_at=None)
        return told.with_(status=COMPLETED) if self.status == ACTIVE else told

    @applies(ReminderFailed)
    def failed(self, event: ReminderFailed) -> Self:
        return self.with_(status=FAILED, next_try_at=None)

    @applies(ReminderCancelled)
    def cancelled(self, event: ReminderCancelled) -> Self:
        return self.with_(status=CANCELLED, next_try_at=None)

    @property
    def identifier(self) -> UUID:
        """Of one that has been defined."""
        assert self.reminder_id is not None  # noqa: S101
        return self.reminder_id

    def _require_active(self, what: str) -> None:
        if self.status != ACTIVE:
            raise NotActive(f"it is {self.status.lower() or 'not there'}: only an active reminder can be {what}")

    def _failed(self, attempts: int, reason: str) -> ReminderFailed:
        return ReminderFailed(reminder_id=self.identifier, occasion=self.occasion, attempts=attempts, reason=reason)

    def _first_called(self, wanted: CallBack, call: Call) -> list[Event]:
        is_first = self.occasion == wanted.occasion and self.elapsed_at is None
        return [calls.elapsed(wanted, call)] if is_first else []
