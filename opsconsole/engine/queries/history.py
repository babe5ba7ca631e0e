"""Finished work by time, type and status: the rolled-up past, plus what finished since, counted live."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from django.db import connection

from opsconsole.engine.rollups import BOUNDS
from opsconsole.engine.sql import statement
from opsconsole.engine.states import CANCELLED

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EVER = timedelta(days=1_000_000)
MINUTE = timedelta(minutes=1)
LIVE_BOUND = 100_000  # rows that finished since the last roll-up and are looked at, at most


@dataclass(frozen=True, slots=True)
class Slot:
    """How many of one type ended in one status within one bucket."""

    bucket: datetime
    type: str
    status: str
    count: int


@dataclass(frozen=True, slots=True)
class Runs:
    """How long runs of one type took. `histogram` has a bin below each of BOUNDS, and one for all longer ones."""

    type: str
    seconds: float
    histogram: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """A slot of one minute, and its runs."""

    slot: Slot
    runs: Runs


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to when finished rows are rolled up; `last_row` changes whenever that has changed anything."""

    until: datetime
    last_row: int


@dataclass(frozen=True, slots=True)
class History:
    """What finished of one kind, for one reader: the live part is counted once and serves every question.

    `is_cut`: more has finished since the last roll-up than was looked at, so that counts are too low.
    """

    kind: str
    tenant: str | None
    mark: Mark
    live: tuple[Ended, ...]

    @classmethod
    def read(cls, kind: str, tenant: str | None = None) -> "History":
        mark = _mark(kind)
        return cls(kind, tenant, mark, _live(kind, mark.until, tenant))

    @property
    def is_cut(self) -> bool:
        return sum(ended.slot.count for ended in self.live) >= LIVE_BOUND

    @property
    def fresh(self) -> list[Slot]:
        """What no roll-up has seen, by the minute."""
        return [ended.slot for ended in self.live]

    def slots(self, since: datetime, step: timedelta = EVER) -> list[Slot]:
        """What finished from `since` on, in buckets of `step` that begin at whole multiples of it, in UTC.

        `since` should lie on such a beginning, or at least on a whole minute; older than two days, on a
        whole hour.
        """
        fresh = [replace(slot, bucket=floor(slot.bucket, step)) for slot in self.fresh if slot.bucket >= since]
        return [*_rolled(self.kind, since, step, self.tenant, self.mark), *fresh]

    def runs(self, since: datetime) -> list[Runs]:
        """The runs that ended from `since` on, of a type perhaps more than once; what was cancelled hardly ran."""
        fresh = [one.runs for one in self.live if one.slot.bucket >= since and one.slot.status != CANCELLED]
        return [*_runs(self.kind, since, self.tenant, self.mark), *fresh]

    def since_each(self, starts: Sequence[datetime], status: str) -> dict[str, list[int]]:
        """By type, how many ended in `status` since each of `starts`; these as for `slots`, in any order."""
        counts: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(starts))
        ascending = tuple(sorted(starts))
        banded = _banded(self.kind, status, ascending, self.tenant, self.mark)
        fresh = [(slot.type, slot.bucket, slot.count) for slot in self.fresh if slot.status == status]
        for type_name, at, count in [
            *((name, ascending[band - 1], count) for name, band, count in banded),
            *fresh,
        ]:
            for number, start in enumerate(starts):
                counts[type_name][number] += count if at >= start else 0
        return {name: row for name, row in counts.items() if any(row)}

    def totals(self) -> dict[str, int]:
        """How many rows ever ended in each status."""
        counts = defaultdict(int, _totals(self.kind, self.tenant))
        for slot in self.fresh:
            counts[slot.status] += slot.count
        return dict(counts)


def floor(at: datetime, step: timedelta) -> datetime:
    """The beginning of the bucket that `at` lies in."""
    return EPOCH + (at - EPOCH) // step * step


def _mark(kind: str) -> Mark:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT until, (SELECT COALESCE(max(id), 0) FROM ops_engine_rollup) FROM ops_engine_rollupmark"
            " WHERE kind = %s",
            [kind],
        )
        return Mark(*cursor.fetchone())


def _totals(kind: str, tenant: str | None) -> list[tuple[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT status, sum(count) FROM ops_engine_rollup WHERE kind = %s AND bucket = %s AND span = 'total'"
            " AND (tenant = %s OR %s::text IS NULL) GROUP BY status",
            [kind, EPOCH, tenant, tenant],
        )
        return [(status, int(count)) for status, count in cursor.fetchall()]


@lru_cache(maxsize=64)
def _rolled(kind: str, since: datetime, step: timedelta, tenant: str | None, mark: Mark) -> tuple[Slot, ...]:
    """Kept, for it stays the same until the next roll-up, and every open dashboard asks every few seconds."""
    seconds = step.total_seconds()
    with connection.cursor() as cursor:
        cursor.execute(
            statement("read_rolled"),
            {"kind": kind, "since": since, "until": mark.until, "step": seconds, "tenant": tenant},
        )
        return tuple(Slot(*row) for row in cursor.fetchall())


@lru_cache(maxsize=64)
def _runs(kind: str, since: datetime, tenant: str | None, mark: Mark) -> tuple[Runs, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            statement("read_runs"),
            {"kind": kind, "since": since, "until": mark.until, "tenant": tenant},
        )
        return tuple(Runs(type_name, seconds, tuple(bins)) for type_name, seconds, *bins in cursor.fetchall())


@lru_cache(maxsize=64)
def _banded(
    kind: str, status: str, starts: tuple[datetime, ...], tenant: str | None, mark: Mark
) -> tuple[tuple[str, int, int], ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            statement("read_banded"),
            {"kind": kind, "status": status, "starts": list(starts), "until": mark.until, "tenant": tenant},
        )
        return tuple(cursor.fetchall())


def _live(kind: str, since: datetime, tenant: str | None) -> tuple[Ended, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            statement(f"read_live_{kind}s"),
            {"since": since, "tenant": tenant, "bounds": list(BOUNDS), "limit": LIVE_BOUND},
        )
        rows = cursor.fetchall()
    bins: defaultdict[tuple[datetime, str, str], list[int]] = defaultdict(lambda: [0] * (len(BOUNDS) + 1))
    seconds: defaultdict[tuple[datetime, str, str], float] = defaultdict(float)
    for minute, type_name, status, number, count, took in rows:
        bins[minute, type_name, status][number] += count
        seconds[minute, type_name, status] += took
    return tuple(
        Ended(Slot(*key, sum(counts)), Runs(key[1], seconds[key], tuple(counts))) for key, counts in bins.items()
    )
