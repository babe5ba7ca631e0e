"""Events of a reminder, for given/when/then."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

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
from opsconsole.reminders.timers import Timer

ID = UUID("01900000-0000-7000-8000-000000000001")
ADDRESS = "https://partner.example/inbox"
NOON = datetime(2031, 3, 1, 12, tzinfo=UTC)
ONE = NOON + timedelta(hours=1)
TIMER = Timer.of(hours=1)

DEFINED = ReminderDefined(reminder_id=ID, address=ADDRESS, scheduled_at=NOON, timer=TIMER, tenant="north")
CANCELLED = ReminderCancelled(reminder_id=ID, reason="no longer")
WANTED = CallBack(reminder_id=ID, occasion=1, scheduled_at=NOON, address=ADDRESS)
ELAPSED = ReminderElapsed(reminder_id=ID, occasion=1, scheduled_at=NOON, called_at=NOON)


def rescheduled(at: datetime = ONE, occasion: int = 2, how: str = "rescheduled", reason: str = "") -> Any:
    return ReminderRescheduled(reminder_id=ID, occasion=occasion, scheduled_at=at, how=how, reason=reason)


def taken(attempt: int = 1) -> Call:
    return Call(attempt, NOON, 0.02, 204)


def refused(attempt: int = 1) -> Call:
    return Call(attempt, NOON, 0.02, 503, "busy", "the address answered 503")


def completed(attempt: int = 1, occasion: int = 1) -> ReminderCompleted:
    return ReminderCompleted(
        reminder_id=ID,
        occasion=occasion,
        attempt=attempt,
        scheduled_at=NOON,
        called_at=NOON,
        status_code=204,
        latency=0.02,
        body="",
    )


def call_failed(attempt: int = 1, occasion: int = 1, next_try_at: datetime | None = ONE) -> ReminderCallFailed:
    return ReminderCallFailed(
        reminder_id=ID,
        occasion=occasion,
        attempt=attempt,
        called_at=NOON,
        status_code=503,
        problem="the address answered 503",
        latency=0.02,
        body="busy",
        next_try_at=next_try_at,
    )


def failed(attempts: int = 2, reason: str = "the address answered 503") -> ReminderFailed:
    return ReminderFailed(reminder_id=ID, occasion=1, attempts=attempts, reason=reason)
