"""Two dispatchers and more at the same moment: one run a slot, one run at a time, nobody waits."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from opsconsole.engine import claiming, draining
from opsconsole.engine.testing import emitted, frozen_at
from opsconsole.schedules import Cron, Cycle, Slot, firing, operations
from opsconsole.schedules.models import Run, Schedule
from opsconsole.schedules.testing import begin, runs_of
from tests.concurrency.races import PATIENCE, at_once, rounds
from tests.handlers_app.messages import Happened
from tests.schedules.conftest import NAME

NOON = datetime(2026, 3, 2, 15, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def emit_number(slot: Slot, work: Any) -> None:
    work.emit(Happened(number=slot.date.day))


def execute() -> None:
    """Execute what is due, as a worker does."""
    claiming.forget()
    while chunk := claiming.claim_commands("default"):
        draining.execute_chunk(chunk)


@rounds(5, 100)
@pytest.mark.usefixtures("untroubled")
def test_of_four_that_fire_a_slot_at_once_one_does(declare: Callable[..., Any], rounds: int):
    declare(Cron("0 * * * *", "UTC"))
    with frozen_at(NOON) as time:
        begin(NAME)
        for number in range(rounds):
            time.advance(HOUR)
            at_once(*[firing.look] * 4)
            assert Run.objects.count() == number + 1
            execute()


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("America/Sao_Paulo", NOON),
        ("America/Sao_Paulo", datetime(2018, 11, 2, 15, tzinfo=UTC)),  # the clock is put forward at midnight
        ("America/Sao_Paulo", datetime(2019, 2, 15, 15, tzinfo=UTC)),  # and back
        ("Europe/Berlin", datetime(2026, 3, 27, 11, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 10, 23, 11, tzinfo=UTC)),
    ],
)
@rounds(2, 20)
def test_a_gap_of_three_days_gives_its_dates_once_and_in_order_with_two_dispatchers(
    declare: Callable[..., Any], rounds: int, zone: str, start: datetime
):
    declare(Cycle(zone), act=emit_number)
    with frozen_at(start) as time:
        begin(NAME)
        for _ in range(rounds):
            while sum(at_once(firing.look, firing.look)):
                execute()
            time.advance(3 * DAY)
        while sum(at_once(firing.look, firing.look)):
            execute()
    dates = [run.on for run in runs_of(NAME)]
    assert dates == [start.date() + number * DAY for number in range(3 * rounds + 1)]
    assert [event.number for event in emitted(Happened)] == [on.day for on in dates]


def test_rows_for_new_declarations_are_made_once(declare: Callable[..., Any]):
    for number in range(5):
        declare(Cycle("UTC"), name=f"tests.{number}")
    at_once(*[firing.look] * 4)
    assert (Schedule.objects.count(), Run.objects.count()) == (5, 5)


@pytest.mark.usefixtures("untroubled")
def test_whoever_finds_a_schedule_taken_passes_it_by(declare: Callable[..., Any]):
    declare(Cron("0 * * * *", "UTC"))
    taken, done = threading.Event(), threading.Event()

    def take() -> None:
        with transaction.atomic():
            Schedule.objects.select_for_update(no_key=True).get(pk=NAME)
            taken.set()
            assert done.wait(PATIENCE)

    def look() -> int:
        assert taken.wait(PATIENCE)
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '2s'")
        try:
            return firing.look()
        finally:
            done.set()

    with frozen_at(NOON) as time:
        begin(NAME)
        time.advance(HOUR)
        assert at_once(take, look) == [None, 0]
        assert firing.look() == 1


def test_whoever_comes_a_moment_too_late_sees_that_a_run_is_under_way(declare: Callable[..., Any]):
    declare(Cron("0 * * * *", "UTC"), missed="backfill")
    with frozen_at(NOON) as time:
        begin(NAME)
        time.advance(2 * HOUR)
        assert firing.due([NAME]) == [NAME], "both have seen that it is due"
        assert firing.fire(NAME) is not None
        assert firing.fire(NAME) is None


@pytest.mark.parametrize("hours", [(1, 1), (1, 2)], ids=["same slot", "another slot"])
def test_even_without_the_lock_the_database_lets_one_run_begin(declare: Callable[..., Any], hours: tuple[int, int]):
    declaration = declare(Cron("0 * * * *", "UTC"))
    begin(NAME)

    def start(hour: int) -> Callable[[], bool]:
        at = NOON + hour * HOUR
        slot = Slot(at, at.date(), key=str(at))

        def attempt() -> bool:
            try:
                with transaction.atomic():
                    return firing.start_run(declaration, slot) is not None
            except IntegrityError:
                return False

        return attempt

    assert sorted(at_once(*map(start, hours))) == [False, True]
    assert Run.objects.count() == 1


def test_of_two_who_press_run_now_at_once_one_is_refused(declare: Callable[..., Any]):
    declare(Cron("0 0 1 1 *", "UTC"))
    begin(NAME)

    def press() -> bool:
        try:
            operations.run_now(NAME, actor="ana")
        except operations.Refused:
            return False
        return True

    assert sorted(at_once(press, press)) == [False, True]
    assert Run.objects.count() == 1
