"""Finished work is counted once, in the minute and by the duration that it had."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from opsconsole.engine import rollups
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.models import Rollup, RollupMark
from opsconsole.kernel.identifiers import uuid7

NOW = datetime.now(UTC)
MINUTE = timedelta(minutes=1)
THEN = (NOW - timedelta(minutes=30)).replace(second=0, microsecond=0)


@pytest.fixture(autouse=True)
def _mark() -> None:
    RollupMark.objects.update(until=NOW - timedelta(hours=2))


def finish(count: int = 1, *, at: datetime = THEN, seconds: float = 0.02, **columns: Any) -> None:
    """Commands that ended then, after so many seconds."""
    values = {"type": "tests.act", "status": "success", "payload": {}, "not_before": at, **columns}
    StoredCommand.objects.bulk_create(
        StoredCommand(correlation_id=uuid7(), finished_at=at, duration=timedelta(seconds=seconds), **values)
        for _ in range(count)
    )


def rows(span: str = "minute", **fields: Any) -> list[Rollup]:
    return list(Rollup.objects.filter(span=span, **fields).order_by("bucket", "type", "status"))


def test_closed_minutes_are_counted_by_type_tenant_and_status():
    finish(3)
    finish(2, status="error")
    finish(1, tenant="north")
    finish(4, at=THEN + MINUTE)
    rollups.roll_up()
    assert sorted((row.bucket, row.tenant, row.status, row.count) for row in rows()) == [
        (THEN, "", "error", 2),
        (THEN, "", "success", 3),
        (THEN, "north", "success", 1),
        (THEN + MINUTE, "", "success", 4),
    ]


def test_durations_are_summed_and_binned():
    for seconds in (0.005, 0.01, 0.02, 5.0, 1_000.0):
        finish(seconds=seconds)
    rollups.roll_up()
    (row,) = rows()
    assert row.seconds == pytest.approx(1005.035)
    assert row.histogram == [1, 2, 0, 0, 0, 0, 1, 0, 0, 0, 1]
    assert len(row.histogram) == len(rollups.BOUNDS) + 1


def test_events_are_counted_too():
    StoredEvent.objects.create(
        type="tests.happened",
        data={},
        correlation_id=uuid7(),
        status="success",
        finished_at=THEN,
        duration=timedelta(seconds=1),
    )
    rollups.roll_up()
    (row,) = rows(kind="event")
    assert (row.type, row.count, row.seconds) == ("tests.happened", 1, 1.0)


def test_a_minute_is_left_open_until_everything_in_it_has_committed():
    now = datetime.now(UTC)
    finish(at=now - timedelta(seconds=30))
    rollups.roll_up()
    assert not rows()
    assert rollups.rolled_until("command") <= now - MINUTE


def test_counting_twice_counts_once():
    finish(5)
    rollups.roll_up()
    assert rollups.roll_up() == 0
    assert [row.count for row in rows()] == [5]
    assert [row.count for row in rows("total")] == [5]


def test_counting_goes_on_after_a_clock_that_was_ahead_for_a_while_and_counts_nothing_twice():
    finish(5)
    rollups.roll_up()
    RollupMark.objects.update(until=NOW + timedelta(days=1))
    rollups.roll_up()
    assert rollups.rolled_until("command") <= datetime.now(UTC)
    rollups.roll_up()
    assert [row.count for row in rows("total")] == [5]


def test_a_long_gap_is_counted_by_the_hour_and_each_pass_is_kept():
    for hours in range(3):
        finish(2, at=THEN - timedelta(hours=hours))
    since = THEN - timedelta(hours=2, minutes=50)
    RollupMark.objects.update(until=since)
    for hours in range(1, 4):
        rollups.roll_up(seconds=0)
        assert rollups.rolled_until("command") == since + timedelta(hours=hours)
        assert [row.count for row in rows("total")] == [2 * hours]
    assert [row.count for row in rows()] == [2, 2, 2]


def test_a_mark_within_a_minute_splits_no_minute():
    RollupMark.objects.update(until=THEN - timedelta(hours=1) + timedelta(seconds=20))
    finish(1, at=THEN + timedelta(seconds=10))
    finish(1, at=THEN + timedelta(seconds=30))
    rollups.roll_up()
    assert [row.count for row in rows()] == [2]


def test_everything_up_to_the_mark_is_in_the_totals():
    finish(3)
    rollups.roll_up()
    RollupMark.objects.filter(kind="command").update(until=NOW - timedelta(minutes=20))
    finish(2, at=THEN + timedelta(minutes=15))
    rollups.roll_up()
    assert [(row.count, row.seconds) for row in rows("total")] == [(5, pytest.approx(0.1))]


def test_unfinished_and_unknown_rows_are_not_counted():
    finish(status="pending")
    finish(status="awaiting")
    rollups.roll_up()
    assert not rows()


def test_a_cancelled_command_has_no_duration_and_counts_all_the_same():
    finish(status="cancelled")
    StoredCommand.objects.update(duration=None)
    rollups.roll_up()
    (row,) = rows()
    assert (row.status, row.count, row.seconds, row.histogram[0]) == ("cancelled", 1, 0.0, 1)


def test_old_minutes_become_hours_and_nothing_is_lost():
    start = (NOW - timedelta(days=4)).replace(minute=0, second=0, microsecond=0)
    RollupMark.objects.update(until=start)
    for minute in (0, 1, 59, 60):
        finish(2, at=start + minute * MINUTE, seconds=0.2)
    finish(1)
    rollups.roll_up()
    rollups.merge()
    assert [(row.bucket, row.count, row.histogram[3]) for row in rows("hour")] == [
        (start, 6, 6),
        (start + timedelta(hours=1), 2, 2),
    ]
    assert [row.count for row in rows()] == [1]
    assert sum(row.count for row in rows("total")) == 9
    rollups.merge()
    assert sum(row.count for row in rows("hour")) == 8


def test_minutes_that_come_late_join_the_hour_that_is_already_there():
    start = (NOW - timedelta(days=4)).replace(minute=0, second=0, microsecond=0)
    for minute in (0, 30):
        RollupMark.objects.update(until=start + minute * MINUTE)
        finish(2, at=start + minute * MINUTE, seconds=0.2)
        rollups.roll_up()
        rollups.merge()
    assert [(row.bucket, row.count, row.histogram[3]) for row in rows("hour")] == [(start, 4, 4)]


def test_the_marks_are_put_back_after_a_flush():
    RollupMark.objects.all().delete()
    rollups.begin()
    assert set(RollupMark.objects.values_list("kind", flat=True)) == {"event", "command"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ops_engine_rollupmark WHERE until > now()")
        assert cursor.fetchone() == (0,)
