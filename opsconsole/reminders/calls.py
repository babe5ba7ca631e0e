"""One try to call the address of a reminder, and the facts that it leaves behind."""

from dataclasses import dataclass
from datetime import datetime

from opsconsole.reminders.commands import CallBack
from opsconsole.reminders.events import ReminderCallFailed, ReminderCompleted, ReminderElapsed


@dataclass(frozen=True, slots=True)
class Call:
    """What came of a try. `latency` is in seconds, `body` the beginning of the answer, `problem` empty for success."""

    attempt: int
    called_at: datetime
    latency: float
    status_code: int | None = None
    body: str = ""
    problem: str = ""


def elapsed(wanted: CallBack, call: Call) -> ReminderElapsed:
    return ReminderElapsed(
        reminder_id=wanted.reminder_id,
        occasion=wanted.occasion,
        scheduled_at=wanted.scheduled_at,
        called_at=call.called_at,
    )


def completed(wanted: CallBack, call: Call) -> ReminderCompleted:
    return ReminderCompleted(
        reminder_id=wanted.reminder_id,
        occasion=wanted.occasion,
        attempt=call.attempt,
        scheduled_at=wanted.scheduled_at,
        called_at=call.called_at,
        status_code=call.status_code or 0,
        latency=call.latency,
        body=call.body,
    )


def call_failed(wanted: CallBack, call: Call, next_try_at: datetime | None) -> ReminderCallFailed:
    return ReminderCallFailed(
        reminder_id=wanted.reminder_id,
        occasion=wanted.occasion,
        attempt=call.attempt,
        called_at=call.called_at,
        status_code=call.status_code,
        problem=call.problem,
        latency=call.latency,
        body=call.body,
        next_try_at=next_try_at,
    )
