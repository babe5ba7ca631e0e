"""Numbers of an overview: from the rollups, and from what no roll-up has seen yet."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection

from opsconsole.engine import rollups as writing
from opsconsole.engine.models import Command, Event, RollupMark
from opsconsole.engine.queries import history as reading
from opsconsole.engine.queries.history import MINUTE, History, floor
from opsconsole.engine.queries.present import database_now
from opsconsole.engine.queries.rollups import (
    HOUR,
    activity,
    failures_by_type,
    percentile,
    run_times,
    status_counts,
    types,
    window_start,
)
from opsconsole.engine.rollups import BOUNDS
from opsconsole.kernel.identifiers import uuid7
from tests.past import a_batch, a_command, a_rollup, ago, an_event

pytestmark = pytest.mark.django_db


def totals(kind: str = "command") -> dict[str, int]:
    return History.read(kind).totals()


def test_what_has_ended_is_counted_once_before_and_after_the_roll_up() -> None:
    for age in (10 * MINUTE, 9 * MINUTE, timedelta(seconds=1)):
        a_command("success", at=ago(age))
        a_command("error", at=ago(age))
    before = totals()
    writing.roll_up()
    assert Command.objects.filter(finished_at__lt=writing.rolled_until("command")).count() == 4
    assert totals() == before == {"success": 3, "error": 3}


def test_rolling_up_again_counts_nothing_twice() -> None:
    a_command("success", at=ago(10 * MINUTE))
    for _ in range(3):
        writing.roll_up()
    assert totals() == {"success": 1}


def test_a_roll_up_adds_to_the_totals_of_the_one_before() -> None:
    RollupMark.objects.update(until=floor(ago(timedelta(days=9)), MINUTE))
    a_command("success", at=ago(5 * timedelta(days=1)))
    writing.roll_up()
    RollupMark.objects.update(until=floor(ago(10 * MINUTE), MINUTE))
    a_command("success", at=ago(8 * MINUTE))
    writing.roll_up()
    assert totals() == {"success": 2}


def test_totals_can_be_narrowed_to_a_tenant() -> None:
    for tenant, age in (("a", 10 * MINUTE), ("a", timedelta(0)), ("b", 10 * MINUTE)):
        a_command(at=ago(age), tenant=tenant)
    writing.roll_up()
    assert History.read("command", "a").totals() == {"success": 2}


def test_every_status_is_counted() -> None:
    for status in ("awaiting", "pending", "processing", "success", "error", "cancelled"):
        a_command(status)
    counts = status_counts("command")
    assert {status: str(count) for status, count in counts.items()} == dict.fromkeys(counts, "1")
    assert len(counts) == 6


def test_open_rows_are_counted_up_to_a_bound() -> None:
    model = a_command("pending")
    rows = [
        Command(id=uuid7(), type="tests.act", payload={}, not_before=model.not_before, correlation_id=model.pk)
        for _ in range(10_000)
    ]
    Command.objects.bulk_create(rows)
    assert str(status_counts("command")["pending"]) == "10,000+"


def test_an_event_processed_again_with_success_is_no_failure_any_more() -> None:
    event = an_event("error", at=ago(10 * MINUTE))
    writing.roll_up()
    Event.objects.filter(pk=event.pk).update(status="success", finished_at=database_now())
    assert str(status_counts("event")["error"]) == "0"
    assert failures_by_type(None, database_now()) == []


def test_batches_are_counted_by_status() -> None:
    for status in ("success", "success", "error", "processing"):
        a_batch(status=status)
    counts = status_counts("batch")
    assert {status: count.number for status, count in counts.items() if count.number} == {
        "success": 2,
        "error": 1,
        "processing": 1,
    }


def test_activity_has_every_bucket_and_the_last_is_open() -> None:
    now = database_now()
    a_command("error", at=now - 30 * MINUTE)
    a_command("success", at=now - 30 * MINUTE)
    a_command("success", at=now - timedelta(minutes=90))
    writing.roll_up()
    a_command("success", at=now - timedelta(seconds=1), seconds=0)
    buckets = activity(History.read("command"), now, HOUR, MINUTE)
    assert len(buckets) == 60
    assert [bucket.is_open for bucket in buckets] == [False] * 59 + [True]
    assert all(later.start == earlier.end for earlier, later in pairwise(buckets))
    assert [bucket.counts for bucket in buckets if len(bucket.counts) == 2] == [{"error": 1, "success": 1}]
    assert sum(sum(bucket.counts.values()) for bucket in buckets) == 3


def test_activity_can_be_told_by_type() -> None:
    now = database_now()
    a_command(at=now - 5 * MINUTE, type="tests.one")
    a_command(at=now - 5 * MINUTE, type="tests.two")
    (bucket,) = [one for one in activity(History.read("command"), now, HOUR, MINUTE, by="type") if one.counts]
    assert bucket.counts == {"tests.one": 1, "tests.two": 1}


def test_failures_are_counted_within_each_window() -> None:
    now = database_now()
    for age in (10 * MINUTE, 2 * HOUR, 20 * HOUR, 6 * 24 * HOUR, 9 * 24 * HOUR):
        a_command("error", at=now - age)
    a_command("success", at=now - 10 * MINUTE)
    an_event("error", at=now - 2 * HOUR)
    RollupMark.objects.update(until=floor(now - timedelta(days=20), MINUTE))
    writing.roll_up()
    rows = failures_by_type(History.read("command"), now)
    assert [(row.kind, row.counts) for row in rows] == [("command", (1, 2, 3, 4)), ("event", (0, 1, 1, 1))]


def test_the_cell_of_a_window_counts_what_ended_since_its_start() -> None:
    now = database_now()
    start = window_start(now, HOUR)
    a_command("error", at=start, seconds=0)
    a_command("error", at=start - timedelta(seconds=1), seconds=0)
    (row,) = failures_by_type(History.read("command"), now)
    assert row.counts[0] == Command.objects.filter(status="error", finished_at__gte=start).count() == 1


def test_types_are_ranked_by_how_many_ended() -> None:
    for name, count in (("tests.rare", 1), ("tests.often", 3)):
        for _ in range(count):
            a_command(at=ago(MINUTE), type=name)
    a_command("error", at=ago(MINUTE), type="tests.often")
    rows = types(History.read("command"), window_start(database_now(), HOUR))
    assert [(row.type, row.count, row.failed) for row in rows] == [
        ("tests.often", 4, 1),
        ("tests.rare", 1, 0),
    ]


def test_run_times_leave_out_what_never_ran() -> None:
    a_command(at=ago(MINUTE), seconds=2.0)
    a_command("cancelled", at=ago(MINUTE), seconds=0)
    (row,) = run_times(History.read("command"), window_start(database_now(), HOUR))
    assert (row.count, row.mean) == (1, 2.0)
    assert row.p50 is not None and 1.0 <= row.p50 <= 3.0


def test_percentiles_lie_within_their_bin() -> None:
    histogram = [0] * (len(BOUNDS) + 1)
    histogram[3] = 90  # 0.1 to 0.3 s
    histogram[6] = 10  # 3 to 10 s
    median, late = percentile(histogram, 0.5), percentile(histogram, 0.95)
    assert median is not None and 0.1 < median < 0.3
    assert late is not None and 3 < late < 10


def test_a_percentile_beyond_the_last_bound_is_not_invented() -> None:
    assert percentile([0] * len(BOUNDS) + [4], 0.5) is None


def test_the_percentile_of_nothing_is_nothing() -> None:
    assert percentile([0] * (len(BOUNDS) + 1), 0.5) == 0.0


def test_the_live_part_is_bounded_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LIVE_BOUND", 3)
    for _ in range(5):
        a_command()
    history = History.read("command")
    assert history.is_cut
    assert str(status_counts("command", history=history)["success"]) == "3+"


def test_the_rolled_past_is_read_once_until_the_next_roll_up() -> None:
    since = floor(ago(HOUR), MINUTE)
    a_rollup(4, bucket=since + MINUTE)
    RollupMark.objects.update(until=since + 5 * MINUTE)
    history = History.read("command")
    assert sum(slot.count for slot in history.slots(since)) == 4
    with connection.execute_wrapper(_refuse):
        assert sum(slot.count for slot in history.slots(since)) == 4
    a_rollup(2, bucket=since + 6 * MINUTE)
    RollupMark.objects.update(until=since + 7 * MINUTE)
    assert sum(slot.count for slot in History.read("command").slots(since)) == 6


def _refuse(execute: object, sql: str, *rest: object) -> None:
    raise AssertionError(f"asked again: {sql}")
