"""Real dispatchers by a running clock: about a second late at most, nothing twice when one takes over."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from opsconsole.embedded.waiting import wait_until
from opsconsole.engine import claiming, draining
from opsconsole.engine.models import Leadership
from opsconsole.schedules import Cron, Slot
from opsconsole.schedules.models import Run, Schedule
from opsconsole.schedules.testing import runs_of
from tests.engine.test_dispatcher import PATIENCE, Running, broker, running  # noqa: F401 - fixtures
from tests.schedules.conftest import NAME

SECOND = timedelta(seconds=1)


def execute() -> None:
    """Execute what is due, as a worker does."""
    claiming.forget()
    while chunk := claiming.claim_commands("default"):
        draining.execute_chunk(chunk)


def after_runs(count: int) -> bool:
    def enough() -> bool:
        execute()
        return Run.objects.filter(status="success").count() >= count

    return wait_until(enough, PATIENCE + 2 * count)


@pytest.fixture
def every_second(declare: Callable[..., Any]) -> Iterator[Any]:
    yield declare(Cron("* * * * * *", "UTC"))
    connection.close()


@pytest.mark.usefixtures("every_second")
def test_slots_fire_within_about_a_second_of_their_time(running: Running, ran: list[Slot]):  # noqa: F811
    running.start("one")
    assert after_runs(4)
    row = Schedule.objects.get()
    lateness = sorted(run.lateness(row) for run in runs_of(NAME))
    assert lateness[len(lateness) // 2] < SECOND
    assert lateness[-1] < 3 * SECOND, "on a busy machine"


@pytest.mark.usefixtures("every_second")
def test_when_another_dispatcher_takes_over_every_slot_still_has_one_run_or_is_left_out(
    running: Running,  # noqa: F811
    ran: list[Slot],
):
    first = running.start("one")
    assert wait_until(lambda: Leadership.objects.filter(owner="one").exists(), PATIENCE)
    running.start("two")
    assert after_runs(3)
    first.stop()
    assert after_runs(5)
    assert Leadership.objects.get().owner == "two"
    runs = runs_of(NAME)
    assert len({run.slot for run in runs}) == len(runs)
    span = (runs[-1].at - runs[0].at) / SECOND
    assert span == len(runs) - 1 + sum(run.left_out for run in runs[1:])
    assert [slot.at for slot in ran] == sorted({slot.at for slot in ran})
