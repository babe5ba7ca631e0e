"""Partitions by time: made ahead, without a gap, without a default."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.engine import partitions
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.partitions import PARTITIONED, ensure_partitions, last_bound, period_of, periods_ahead
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7_at

TODAY = datetime.now(UTC)
INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))


def partitions_of(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [table])
        return sorted(name for (name,) in cursor.fetchall())


@pytest.fixture
def clean_partitions() -> Iterator[None]:
    """Whatever a test makes ahead is dropped again."""
    before = {table: set(partitions_of(table)) for table in PARTITIONED}
    yield
    with connection.cursor() as cursor:
        for table, kept in before.items():
            for name in set(partitions_of(table)) - kept:
                cursor.execute(f"DROP TABLE {name}")


@given(INSTANTS, st.sampled_from(["month", "week", "day"]))
def test_a_period_holds_its_moment_and_ends_where_the_next_begins(at: datetime, kind: str):
    period = period_of(at, kind)
    assert period.start <= at < period.end
    following = period_of(period.end, kind)
    assert following.start == period.end
    assert following.name > period.name or kind != "day"


@given(INSTANTS, st.sampled_from(["month", "week", "day"]), st.integers(0, 10))
def test_periods_ahead_follow_each_other_without_a_gap(at: datetime, kind: str, count: int):
    ahead = list(periods_ahead(at, kind, count))
    assert len(ahead) == count + 1
    assert all(one.end == other.start for one, other in zip(ahead, ahead[1:], strict=False))
    assert len({period.name for period in ahead}) == count + 1


def test_every_big_table_has_partitions_for_now_and_ahead_and_no_default():
    for table in PARTITIONED:
        assert last_bound(table) > TODAY + timedelta(days=60)
        assert len(partitions_of(table)) >= 4
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_class WHERE pg_get_expr(relpartbound, oid) = 'DEFAULT' AND relname LIKE 'ops_engine%%'"
        )
        assert cursor.fetchone() == (0,)


def test_making_them_again_makes_nothing():
    ensure_partitions()
    assert ensure_partitions() == []


def test_time_going_on_makes_more(clean_partitions):
    with clock.freeze(TODAY + timedelta(days=62)):
        made = ensure_partitions()
        assert len(made) >= 3 * 1
        assert {name.rsplit("_", 1)[0] for name in made} == set(PARTITIONED)
        assert ensure_partitions() == []
    row = StoredCommand.objects.create(
        id=uuid7_at(last_bound("ops_engine_command") - timedelta(seconds=1)),
        type="x",
        payload={},
        correlation_id=uuid7_at(TODAY),
        not_before=TODAY,
    )
    assert StoredCommand.objects.filter(pk=row.pk).exists()


def test_a_changed_period_fills_up_to_the_next_boundary_without_a_gap(clean_partitions, settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "partition_period": "week", "partitions_ahead": 2}
    bound = last_bound("ops_engine_command")
    with clock.freeze(bound - timedelta(days=3)):
        made = ensure_partitions()
    assert made
    assert_no_gap()


@pytest.mark.parametrize("kind", ["month", "week", "day"])
def test_a_clock_that_was_ahead_for_an_hour_leaves_no_gap(clean_partitions, settings, kind):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "partition_period": kind, "partitions_ahead": 2}
    bound = last_bound("ops_engine_command")
    with clock.freeze(bound + timedelta(days=150)):
        made = ensure_partitions()
    assert len(made) == 3 * len(PARTITIONED)
    assert_no_gap()
    with clock.freeze(bound - timedelta(days=3)):
        assert ensure_partitions() == []
    with clock.freeze(bound + timedelta(days=240)):
        assert ensure_partitions()
    assert_no_gap()


def assert_no_gap() -> None:
    """Each partition of commands begins where another ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_expr(relpartbound, oid) FROM pg_class JOIN pg_inherits ON inhrelid = oid"
            " WHERE inhparent = 'ops_engine_command'::regclass"
        )
        spans = sorted(tuple(re.findall("[0-9a-f-]{36}", expression)) for (expression,) in cursor.fetchall())
    ends = [span[-1] for span in sorted(spans, key=lambda span: span[-1])]
    starts = sorted(span[0] for span in spans if len(span) == 2)
    assert starts == ends[:-1]


def test_a_partition_has_the_indexes_of_its_table():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_indexes WHERE tablename = 'ops_engine_command'")
        (wanted,) = cursor.fetchone()
        for name in partitions_of("ops_engine_command"):
            cursor.execute("SELECT count(*) FROM pg_indexes WHERE tablename = %s", [name])
            assert cursor.fetchone() == (wanted,)


def test_the_command_line_says_what_was_made(clean_partitions, capsys):
    call_command("ops_partitions")
    assert "All partitions are there." in capsys.readouterr().out
    with clock.freeze(TODAY + timedelta(days=62)):
        call_command("ops_partitions")
    assert "ops_engine_command_" in capsys.readouterr().out


def test_looking_a_row_up_by_its_identifier_reads_one_partition():
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN SELECT * FROM ops_engine_command WHERE id = %s", [uuid7_at(TODAY)])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert plan.count("Scan") <= 2
    assert "Append" not in plan


def test_a_table_that_is_not_there_has_no_bound():
    assert partitions.last_bound("ops_engine_nothing") is None
