"""When: cron expressions, daily times and daily cycles, each in a named time zone."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile
from typing import ClassVar
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from opsconsole.schedules.zones import DAY, instant, zone_named

COUNTED = 1_000  # slots of a stretch of time that are counted one by one
NEAR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Slot:
    """One planned moment, as the function of a schedule is told of it.

    `at` is in the schedule's zone. `date` is the date there that it is for: the business date of a cycle.
    """

    at: datetime
    date: date
    is_manual: bool = False
    key: str = field(default="", compare=False)  # what its run is stored under, once


class Rule:
    """Base of all. `zone` is a name of the time zone database."""

    __slots__ = ()
    kind: ClassVar[str]
    zone: str

    @property
    def place(self) -> ZoneInfo:
        return zone_named(self.zone)

    @property
    def written(self) -> str:
        """As it stands in the declaration, without the zone."""
        raise NotImplementedError

    @property
    def words(self) -> str:
        raise NotImplementedError

    def check(self) -> None:
        """Raises ValueError for what makes no sense."""

    def after(self, moment: datetime) -> Iterator[Slot]:
        """Its slots after the moment, in order, without end."""
        raise NotImplementedError

    def beginning(self, now: datetime) -> datetime:
        """A schedule first seen `now` has the slots after this moment: none from before it existed."""
        return now

    def up_to(self, after: datetime, until: datetime) -> Iterator[Slot]:
        """Its slots after one moment and up to another."""
        return takewhile(lambda slot: slot.at <= until, self.after(after))

    def newest(self, after: datetime, until: datetime) -> tuple[Slot | None, int]:
        """The newest slot of a stretch of time, and how many come before it, counted up to COUNTED."""
        first = list(islice(self.up_to(after, until), COUNTED + 1))
        if len(first) <= COUNTED:
            return (first[-1], len(first) - 1) if first else (None, 0)
        reach = NEAR
        while not (last := deque(self.up_to(max(after, until - reach), until), maxlen=1)):
            reach *= 4  # a month of minutes may lie a year back
        return last[0], COUNTED


@dataclass(frozen=True, slots=True)
class Cron(Rule):
    """A cron expression of five fields, as Debian's cron reads it, or of six, the first of which counts seconds.

    On days when clocks change, a fixed time runs once: right after the gap when it lies in one, and the first of
    two. Expressions whose minutes or hours begin with `*`, and those of six fields, follow the time that passes:
    `*/30 * * * *` runs every half hour.
    """

    expression: str
    zone: str
    kind: ClassVar[str] = "cron"

    @property
    def written(self) -> str:
        return self.expression

    @property
    def words(self) -> str:
        try:
            return CronSim(self.expression, datetime(2000, 1, 1)).explain()
        except CronSimError:
            return ""

    def check(self) -> None:
        try:
            next(CronSim(self.expression, datetime(2000, 1, 1)), None)
        except CronSimError as error:
            raise ValueError(f"{self.expression!r} is no cron expression: {error}") from error

    def after(self, moment: datetime) -> Iterator[Slot]:
        place, last = self.place, moment.astimezone(UTC)
        for found in CronSim(self.expression, moment.astimezone(place)):
            at = found.astimezone(UTC)
            if at > last:  # CronSim forgets which of two equal hours it was given
                last, local = at, at.astimezone(place)
                yield Slot(local, local.date(), key=f"{at:%Y-%m-%dT%H:%M:%SZ}")


@dataclass(frozen=True, slots=True)
class Daily(Rule):
    """Every date at a time of day, such as "06:00", once: also on days when clocks change, and when the time in the
    declaration is changed on a day on which it has run."""

    at: str
    zone: str
    kind: ClassVar[str] = "daily"

    @property
    def written(self) -> str:
        return self.at

    @property
    def words(self) -> str:
        return f"Every day at {self.at}"

    @property
    def time_of_day(self) -> time:
        return time.fromisoformat(self.at)

    def check(self) -> None:
        try:
            is_plain = self.time_of_day.tzinfo is None
        except ValueError:
            is_plain = False
        if not is_plain:
            raise ValueError(f"{self.at!r} is no time of day, such as '06:30'")

    def after(self, moment: datetime) -> Iterator[Slot]:
        place = self.place
        on = moment.astimezone(place).date() - DAY  # a gap may have moved the last one into today
        while True:
            at = instant(on, self.time_of_day, place)
            if at is not None and at > moment:
                yield Slot(at.astimezone(place), on, key=on.isoformat())
            on += DAY


@dataclass(frozen=True, slots=True)
class Cycle(Rule):
    """Every date once, from its beginning on, in order and without exception.

    It looks whether a new date has begun `every` after the last look ended; a look ends once all dates that it
    found have run. A new cycle begins with the current date.
    """

    zone: str
    every: timedelta = timedelta(hours=1)
    kind: ClassVar[str] = "cycle"

    @property
    def written(self) -> str:
        return f"looks every {_amount(self.every)}"

    @property
    def words(self) -> str:
        return "Every date once"

    def check(self) -> None:
        if self.every <= timedelta(0):
            raise ValueError(f"a cycle cannot look every {self.every}")

    def after(self, moment: datetime) -> Iterator[Slot]:
        return Daily("00:00", self.zone).after(moment)

    def beginning(self, now: datetime) -> datetime:
        today = instant(now.astimezone(self.place).date(), time(0), self.place)
        assert today is not None, "now is on a date that exists"  # noqa: S101
        return today - timedelta(microseconds=1)


def _amount(duration: timedelta) -> str:
    """ "hour", "30 min", "90 s"."""
    if duration == timedelta(hours=1):
        return "hour"
    minutes, seconds = divmod(duration.total_seconds(), 60)
    return f"{duration.total_seconds():g} s" if seconds else f"{minutes:g} min"
