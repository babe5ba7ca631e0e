"""What a handler may answer instead of succeeding. Each rolls back what the handler wrote."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class RetryAt:
    """This try failed; try again at `at`, policy or not. Counts as an attempt."""

    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Snooze:
    """Not now: come back after `wait`. Spends no attempt."""

    wait: timedelta
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Cancel:
    """The work is no longer wanted; the command ends cancelled."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Discard:
    """It can never succeed; the command fails at once, whatever its policy."""

    reason: str = ""


Outcome = RetryAt | Snooze | Cancel | Discard
