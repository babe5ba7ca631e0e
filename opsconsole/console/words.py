"""Times, durations and identifiers in words that an operator reads at a glance."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

_STEPS = ((60, "s", 1), (3600, "min", 60), (86400, "h", 3600), (float("inf"), "d", 86400))


def relative(moment: datetime, now: datetime) -> str:
    """ "4 s ago", "in 25 min"."""
    seconds = (now - moment).total_seconds()
    unit, size = next((unit, size) for limit, unit, size in _STEPS if abs(seconds) < limit)
    amount = int(abs(seconds) // size)
    if amount == 0:
        return "now"
    return f"{amount} {unit} ago" if seconds > 0 else f"in {amount} {unit}"


def absolute(moment: datetime) -> str:
    """To the millisecond, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d} UTC"


def took(duration: timedelta | None) -> str:
    """ "12 ms", "1.24 s", "2 min 5 s", "3 h 12 min", "4 d 2 h"."""
    if duration is None:
        return "–"
    seconds = duration.total_seconds()
    if seconds < 0.001:
        return "< 1 ms" if seconds >= 0 else "0 ms"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    if seconds < 86400:
        return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:.0f} min"
    return f"{seconds // 86400:.0f} d {seconds % 86400 // 3600:.0f} h"


def tail(identifier: UUID) -> str:
    """The part of an identifier that differs between neighbours in time."""
    return str(identifier)[-8:]


def counted(number: int, one: str, many: str = "") -> str:
    """ "1 command", "12 commands"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
