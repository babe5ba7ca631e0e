"""What a clock on the wall of some place shows: days on which it is put forward or back, days that never were."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
NOON = time(12)


def zone_named(name: str) -> ZoneInfo:
    """The time zone; raises LookupError for a name that is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # OSError: the name of a folder of zones, such as "America"
        raise LookupError(f"no time zone is called {name!r}") from error


def instant(on: date, at: time, zone: ZoneInfo) -> datetime | None:
    """When the clock there shows `at` on that date, in UTC.

    Of two such moments the first; where the clock is put forward past it, the first moment after. None when that
    date never was: west of the date line, Samoa had no 30 December 2011.
    """
    if _is_skipped(datetime.combine(on, NOON), zone):
        return None
    wall = datetime.combine(on, at)
    while _is_skipped(wall, zone):
        wall = wall.replace(second=0) + MINUTE
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _is_skipped(wall: datetime, zone: ZoneInfo) -> bool:
    return wall.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall
