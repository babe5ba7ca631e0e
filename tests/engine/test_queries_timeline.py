"""The life of an item as bars."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from opsconsole.engine.models import Attempt
from opsconsole.engine.queries.items import Item
from opsconsole.engine.queries.timeline import LANES, bars, timeline
from opsconsole.kernel.identifiers import uuid7
from tests.past import a_batch, a_command, an_event, caused_by, members

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOW = START + timedelta(seconds=100)


def at(seconds: float | None) -> datetime | None:
    return None if seconds is None else START + timedelta(seconds=seconds)


def an_item(status: str, *, started: float | None = None, ended: float | None = None, **fields: Any) -> Item:
    fields = {"kind": "command", "not_before": START, **fields}
    return Item(
        id=uuid4(), name="t.item", status=status, cause_kind="", cause_id=None, created_at=START,
        started_at=at(started), ended_at=at(ended), **fields,
    )  # fmt: skip


def a_try(number: int, started: float | None, ended: float, outcome: str, again: float | None = None) -> Attempt:
    return Attempt(
        number=number, started_at=at(started), ended_at=at(ended), outcome=outcome, retry_at=at(again),
        is_final=again is None, error_class="Refused",
    )  # fmt: skip


def life(item: Item, *attempts: Attempt) -> list[tuple[str, float, float, str]]:
    """The bars as (phase, from, to, outcome), in seconds since its creation."""
    return [
        (bar.phase, (bar.start - START).total_seconds(), (bar.end - START).total_seconds(), bar.outcome)
        for bar in bars(item, list(attempts), NOW)
    ]


def test_a_success_at_once_was_queued_and_ran() -> None:
    assert life(an_item("success", started=2, ended=5)) == [
        ("queued", 0, 2, ""),
        ("running", 2, 5, "success"),
    ]


def test_retries_are_tries_with_waits_between() -> None:
    item = an_item("success", started=31, ended=33, attempts=2)
    assert life(item, a_try(1, 1, 3, "retry", 30)) == [
        ("queued", 0, 1, ""),
        ("running", 1, 3, "retry"),
        ("waiting", 3, 30, ""),
        ("queued", 30, 31, ""),
        ("running", 31, 33, "success"),
    ]


def test_the_last_failure_is_drawn_once() -> None:
    item = an_item("error", started=1, ended=3, attempts=1)
    assert life(item, a_try(1, 1, 3, "error")) == [("queued", 0, 1, ""), ("running", 1, 3, "error")]


def test_what_waits_for_a_retry_waits_until_now() -> None:
    item = an_item("pending", started=1, attempts=1, not_before=at(500))
    assert life(item, a_try(1, 1, 3, "retry", 500))[-1] == ("waiting", 3, 100, "")


def test_what_is_due_and_not_begun_is_queued_until_now() -> None:
    assert life(an_item("pending")) == [("queued", 0, 100, "")]


def test_what_is_not_due_is_held_back() -> None:
    assert life(an_item("pending", not_before=at(40))) == [("held", 0, 40, ""), ("queued", 40, 100, "")]


def test_what_runs_runs_until_now() -> None:
    assert life(an_item("processing", started=90)) == [("queued", 0, 90, ""), ("running", 90, 100, "")]


def test_a_next_command_is_held_until_its_batch_ends() -> None:
    assert life(an_item("awaiting", release_on="success")) == [("held", 0, 100, "")]


def test_a_released_next_command_was_held_until_then() -> None:
    item = an_item("success", started=41, ended=42, not_before=at(40), release_on="success")
    assert life(item)[0] == ("held", 0, 40, "")


def test_what_was_cancelled_while_it_waited_never_ran() -> None:
    item = an_item("cancelled", started=1, ended=20, attempts=1, not_before=at(500))
    assert life(item, a_try(1, 1, 3, "retry", 500)) == [
        ("queued", 0, 1, ""),
        ("running", 1, 3, "retry"),
        ("waiting", 3, 20, ""),
    ]


def test_an_event_processed_again_shows_both_times() -> None:
    item = an_item("success", kind="event", started=60, ended=61, attempts=2)
    assert life(item, a_try(1, 1, 2, "error")) == [
        ("queued", 0, 1, ""),
        ("running", 1, 2, "error"),
        ("queued", 2, 60, ""),
        ("running", 60, 61, "success"),
    ]


def test_a_loss_without_a_known_start_has_no_length() -> None:
    item = an_item("pending", attempts=1, not_before=at(30))
    assert life(item, a_try(1, None, 25, "lost", 30))[:2] == [
        ("queued", 0, 25, ""),
        ("running", 25, 25, "lost"),
    ]


def test_a_batch_is_one_bar_from_its_first_start_to_its_end() -> None:
    item = an_item("error", kind="batch", started=3, ended=80, not_before=None)
    assert life(item) == [("queued", 0, 3, ""), ("running", 3, 80, "error")]


@pytest.mark.django_db
def test_a_flow_has_a_lane_an_item_and_a_batch_only_one() -> None:
    event = an_event()
    command = a_command(**caused_by(event))
    batch = a_batch(50, **caused_by(command))
    members(batch, success=50)
    drawn = timeline(event.correlation_id, ("command", command.pk))
    assert [(lane.item.kind, lane.is_focus) for lane in drawn.lanes] == [
        ("event", False),
        ("command", True),
        ("batch", False),
    ]


@pytest.mark.django_db
def test_attempts_of_every_lane_are_read_at_once(django_assert_max_num_queries: Any) -> None:
    event = an_event()
    for _ in range(10):
        command = a_command("error", type=f"t.{uuid4()}", attempts=1, **caused_by(event))
        Attempt.objects.create(
            id=uuid7(), subject_kind="command", subject_id=command.pk, type=command.type, number=1, outcome="error",
            is_final=True, started_at=command.started_at, ended_at=command.finished_at,
        )  # fmt: skip
    with django_assert_max_num_queries(15):
        drawn = timeline(event.correlation_id)
    assert sum(bar.outcome == "error" for lane in drawn.lanes for bar in lane.bars) == 10


@pytest.mark.django_db
def test_more_lanes_than_fit_are_counted_and_the_focus_is_among_those_shown() -> None:
    event = an_event()
    commands = [a_command(type=f"t.{number}", **caused_by(event)) for number in range(LANES + 30)]
    drawn = timeline(event.correlation_id, ("command", commands[-3].pk))
    assert len(drawn.lanes) == LANES
    assert drawn.hidden == 31
    assert any(lane.is_focus for lane in drawn.lanes)
