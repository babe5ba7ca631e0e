"""When a reminder is due: so long from now, or at a moment."""

from datetime import datetime, timedelta
from typing import Self

from pydantic import BaseModel, ConfigDict

from opsconsole.reminders.refusals import BadTime

MOST = 65_535  # of each unit
UNITS = ("hours", "minutes", "seconds")
LONGEST = timedelta(hours=MOST, minutes=MOST, seconds=MOST)  # about seven and a half years


class Timer(BaseModel):
    """A length of time in whole units, as it was asked for; make one with `Timer.of()`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hours: int = 0
    minutes: int = 0
    seconds: int = 0

    @classmethod
    def of(cls, hours: int = 0, minutes: int = 0, seconds: int = 0) -> Self:
        """A timer of this length; raises BadTime for none at all, and for a unit below 0 or above MOST."""
        units = dict(zip(UNITS, (hours, minutes, seconds), strict=True))
        for name, value in units.items():
            if value < 0:
                raise BadTime(f"{name} cannot be negative, and were {value}", name)
            if value > MOST:
                raise BadTime(f"{name} can be {MOST:,} at most, and were {value:,}", name)
        if not any(units.values()):
            raise BadTime("a timer of no length at all: set hours, minutes or seconds, or a moment", "seconds")
        return cls(**units)

    @property
    def length(self) -> timedelta:
        return timedelta(hours=self.hours, minutes=self.minutes, seconds=self.seconds)


def moment(at: datetime, now: datetime) -> datetime:
    """`at` itself when a reminder can be set to it; raises BadTime."""
    if at.tzinfo is None:
        raise BadTime(f"{at.isoformat()} needs a time zone: it may mean any of several moments", "at")
    try:
        left = at - now
    except OverflowError:
        left = LONGEST * 2
    if left <= timedelta(0):
        raise BadTime(f"{at.isoformat()} is past", "at")
    if left > LONGEST:
        raise BadTime(f"{at.isoformat()} is further ahead than the longest timer, {LONGEST.days:,} days", "at")
    return at
