"""The one place that asks what time it is.

Due times, leases and expiry are decided by the database's clock; SQL receives `frozen()` and falls back
to `statement_timestamp()` when it is None. Only the test kit freezes time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_frozen: datetime | None = None


def now() -> datetime:
    """The current time, aware, in UTC."""
    return _frozen or datetime.now(UTC)


def frozen() -> datetime | None:
    """The frozen time, or None when time runs."""
    return _frozen


@contextmanager
def freeze(at: datetime | None) -> Iterator[None]:
    """Stop the clock at `at` for every thread of this process; None lets it run."""
    global _frozen
    before, _frozen = _frozen, at
    try:
        yield
    finally:
        _frozen = before


def advance(by: timedelta) -> None:
    """Move a frozen clock on."""
    global _frozen
    if _frozen is None:
        raise RuntimeError("the clock is not frozen")
    _frozen += by
