"""Finished work by time, type and status: the rolled-up past, plus what finished since, counted live."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from django.db import connection

from opsconsole.engine.rollups import BOUNDS
from opsconsole.engine.sql import statement

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LIVE_BOUND = 100_000  # rows that finished since the last roll-up and are looked at, at most


@dataclass(frozen=True, slots=True)
class Slot:
    """What of one type ended in one status within one bucket. `histogram` has a bin for each of BOUNDS, and
    one for everything longer."""

    bucket: datetime
    type: str
    status: str
    count: int
    seconds: float
    histogram: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class History:
    """`live_since`: from then on rows were counted live, because no roll-up has seen them yet. `is_cut`: there
    are more of these than are looked at."""

    slots: list[Slot]
    live_since: datetime
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the roll-ups are; `last_row` changes whenever they do."""

    until: datetime
    last_row: int


def history(kind: str, since: datetime, step: timedelta, tenant: str | None = None) -> History:
    """What finished from `since` on, in buckets of `step` that begin at whole multiples of it (in UTC).

    `since` should lie on such a beginning, at least on a whole minute; on a whole hour when it is older than
    two days.
    """
    mark = _mark(kind)
    live = _live(kind, max(mark.until, since), step, tenant)
    return History([*_rolled(kind, since, step, tenant, mark), *live], mark.until, is_cut=_is_cut(live))


def floor(at: datetime, step: timedelta) -> datetime:
    """The beginning of the bucket that `at` lies in."""
    return EPOCH + (at - EPOCH) // step * step


def totals(kind: str, tenant: str | None = None) -> dict[str, int]:
    """How many rows ever ended in each status."""
    mark = _mark(kind)
    counts = defaultdict(int)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT status, sum(count) FROM ops_engine_rollup WHERE kind = %s AND bucket = %s AND span = 'total'"
            " AND (tenant = %s OR %s IS NULL) GROUP BY status",
            [kind, EPOCH, tenant, tenant],
        )
        counts.update(cursor.fetchall())
    for slot in _live(kind, mark.until, timedelta(days=1), tenant):
        counts[slot.status] += slot.count
    return dict(counts)


def merged(histograms: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(map(sum, zip(*histograms, strict=True))) or (0,) * (len(BOUNDS) + 1)


def _mark(kind: str) -> Mark:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT until, (SELECT COALESCE(max(id), 0) FROM ops_engine_rollup) FROM ops_engine_rollupmark"
            " WHERE kind = %s",
            [kind],
        )
        return Mark(*cursor.fetchone())


@lru_cache(maxsize=64)
def _rolled(kind: str, since: datetime, step: timedelta, tenant: str | None, mark: Mark) -> tuple[Slot, ...]:
    """Kept, for it stays the same until the next roll-up: several readers ask every few seconds."""
    with connection.cursor() as cursor:
        cursor.execute(
            statement("read_rolled"),
            {"kind": kind, "since": since, "until": mark.until, "step": step, "tenant": tenant},
        )
        return tuple(Slot(*row[:5], tuple(row[5:])) for row in cursor.fetchall())


def _live(kind: str, since: datetime, step: timedelta, tenant: str | None) -> list[Slot]:
    with connection.cursor() as cursor:
        cursor.execute(
            statement(f"read_live_{kind}s"),
            {"since": since, "step": step, "tenant": tenant, "bounds": list(BOUNDS), "limit": LIVE_BOUND},
        )
        rows = cursor.fetchall()
    bins: defaultdict[tuple[datetime, str, str], list[int]] = defaultdict(lambda: [0] * (len(BOUNDS) + 1))
    seconds: defaultdict[tuple[datetime, str, str], float] = defaultdict(float)
    for bucket, type_name, status, number, count, took in rows:
        bins[bucket, type_name, status][number] += count
        seconds[bucket, type_name, status] += took
    return [Slot(*key, sum(counts), seconds[key], tuple(counts)) for key, counts in bins.items()]


def _is_cut(live: list[Slot]) -> bool:
    return sum(slot.count for slot in live) >= LIVE_BOUND
