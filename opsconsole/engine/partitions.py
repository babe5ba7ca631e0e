"""Partitions by time of the big tables: made ahead, with bounds computed here.

No DEFAULT partition: it would forbid detaching concurrently. The first partition reaches back to the
beginning, so that a clock set back cannot refuse a row; one set far ahead can, with `NoPartition`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from opsconsole.engine.configuration import configuration
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7_floor

PARTITIONED = ("ops_engine_event", "ops_engine_command", "ops_engine_attempt")

# Rows change status a few times and then never again: vacuum and analyse early, leave a little room.
_STORAGE = (
    "fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 2000,"
    " autovacuum_analyze_scale_factor = 0.05, autovacuum_analyze_threshold = 2000"
)


class NoPartition(Exception):
    """A row's time lies outside every partition: a wrong clock, or partitions were not made ahead."""


@dataclass(frozen=True, slots=True)
class Period:
    """A half-open span of time that one partition holds."""

    name: str
    start: datetime
    end: datetime


def period_of(at: datetime, kind: str) -> Period:
    """The period of `kind` ("month", "week" or "day") that contains `at`."""
    day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if kind == "day":
        return Period(day.strftime("%Y%m%d"), day, day + timedelta(days=1))
    if kind == "week":
        start = day - timedelta(days=day.weekday())
        return Period(start.strftime("%Yw%m%d"), start, start + timedelta(days=7))
    start = day.replace(day=1)
    return Period(start.strftime("%Ym%m"), start, (start + timedelta(days=32)).replace(day=1))


def periods_ahead(since: datetime, kind: str, count: int) -> Iterator[Period]:
    """The period of `since` and the `count` after it."""
    period = period_of(since, kind)
    for _ in range(count + 1):
        yield period
        period = period_of(period.end, kind)


def ensure_partitions() -> list[str]:
    """Make the current partition and those ahead wherever they are missing; returns the new ones."""
    settings = configuration()
    wanted = list(periods_ahead(clock.now(), settings.partition_period, settings.partitions_ahead))
    return [name for table in PARTITIONED for name in _ensure_partitions_of(table, wanted)]


def _ensure_partitions_of(table: str, wanted: list[Period]) -> list[str]:
    """One process at a time: who comes second finds them made.

    Each begins where the last one ends, so that no hole is left: neither by a change of the period, nor by a
    clock that was ahead for an hour. The first partition after such a leap is a long one.
    """
    made = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"partitions of {table}"])
        end = last_bound(table)
        for period in wanted:
            if end is None or end < period.end:
                start = period.start if end is None else end
                name = period.name if start == period.start else f"{period.name}x"
                made.append(_create(table, Period(name, start, period.end), first=end is None))
                end = period.end
    return made


def last_bound(table: str) -> datetime | None:
    """Up to when the partitions of `table` reach, or None when there are none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT max(substring(pg_get_expr(child.relpartbound, child.oid) FROM $$TO \\('([-0-9a-f]+)'\\)$$))"
            " FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid"
            " WHERE inhparent = to_regclass(%s)",
            [table],
        )
        (bound,) = cursor.fetchone()
    if bound is None:
        return None
    return datetime.fromtimestamp(int(bound.replace("-", "")[:12], 16) / 1000, UTC)


def _create(table: str, period: Period, *, first: bool) -> str:
    """Made apart and attached: CREATE … PARTITION OF would lock every reader and writer of the table out."""
    name = f"{table}_{period.name}"
    lower = "MINVALUE" if first else f"'{uuid7_floor(period.start)}'"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE IF NOT EXISTS {name} (LIKE {table} INCLUDING ALL) WITH ({_STORAGE})")
        cursor.execute(
            f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({lower}) TO ('{uuid7_floor(period.end)}')"
        )
    return name
