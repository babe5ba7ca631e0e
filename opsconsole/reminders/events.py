"""What happens to reminders; each has a stream of its own. `occasion` is the version of it that set the time."""

from datetime import datetime
from uuid import UUID

from opsconsole.engine import Event
from opsconsole.reminders.timers import Timer


class ReminderDefined(Event, name="reminders.defined"):
    """`timer` is None for one that was set to a moment."""

    reminder_id: UUID
    address: str
    scheduled_at: datetime
    timer: Timer | None = None
    tenant: str = ""


class ReminderRescheduled(Event, name="reminders.rescheduled"):
    """`how` is "rescheduled", "snoozed" or "fired"."""

    reminder_id: UUID
    occasion: int
    scheduled_at: datetime
    how: str = "rescheduled"
    reason: str = ""


class ReminderCancelled(Event, name="reminders.cancelled"):
    reminder_id: UUID
    reason: str = ""


class ReminderElapsed(Event, name="reminders.elapsed"):
    """Its time had come: its address was called for the first time."""

    reminder_id: UUID
    occasion: int
    scheduled_at: datetime
    called_at: datetime


class ReminderCallFailed(Event, name="reminders.call_failed"):
    """A try that came to nothing. `latency` is in seconds; `status_code` and `body`, the beginning of the answer, are
    there if one came; after the last try there is no next one."""

    reminder_id: UUID
    occasion: int
    attempt: int
    called_at: datetime
    status_code: int | None
    problem: str
    latency: float
    body: str
    next_try_at: datetime | None


class ReminderCompleted(Event, name="reminders.completed"):
    """The address answered with success. `latency` is in seconds, `body` the beginning of the answer."""

    reminder_id: UUID
    occasion: int
    attempt: int
    scheduled_at: datetime
    called_at: datetime
    status_code: int
    latency: float
    body: str


class ReminderFailed(Event, name="reminders.failed"):
    """Nobody will try again."""

    reminder_id: UUID
    occasion: int
    attempts: int
    reason: str
