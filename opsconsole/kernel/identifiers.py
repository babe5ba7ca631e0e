"""UUIDv7: identifiers that sort by the time they were made (RFC 9562, section 5.7, method 3)."""

import random
import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERSION_AND_VARIANT = (0x7 << 76) | (0b10 << 62)
_CLOCK_STEPPED_BACK = 10_000 << 12  # 10 s, in ticks

_lock = threading.Lock()
_last_tick = 0


def uuid7() -> UUID:
    """A new identifier, greater than every one made before it in this process.

    The 12 bits after the milliseconds carry its fraction (1/4096 ms a tick). When the clock was set back
    by more than ten seconds, order gives way to truth and identifiers follow the clock again.
    """
    global _last_tick
    nanoseconds = time.time_ns()
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    tick = (milliseconds << 12) | ((rest << 12) // 1_000_000)
    with _lock:
        if tick <= _last_tick < tick + _CLOCK_STEPPED_BACK:
            tick = _last_tick + 1
        _last_tick = tick
    return _compose(tick, random.getrandbits(62))


def uuid7_floor(at: datetime) -> UUID:
    """The smallest identifier that can have been made at `at`: a bound for ranges and partitions."""
    return _compose(_ticks(at), 0)


def uuid7_at(at: datetime) -> UUID:
    """An identifier as if made at `at`: for imports of history and for tests."""
    return _compose(_ticks(at), random.getrandbits(62))


def moment_of(identifier: UUID) -> datetime:
    """When a UUIDv7 was made, to the millisecond."""
    return _EPOCH + timedelta(milliseconds=identifier.int >> 80)


def _ticks(at: datetime) -> int:
    microseconds = (at - _EPOCH) // timedelta(microseconds=1)
    milliseconds, rest = divmod(microseconds, 1000)
    return (milliseconds << 12) | ((rest << 12) // 1000)


def _compose(tick: int, noise: int) -> UUID:
    return UUID(int=((tick >> 12) << 80) | ((tick & 0xFFF) << 64) | _VERSION_AND_VARIANT | noise)
