"""The daily cycler: every business date once, in order."""

from datetime import UTC, date, datetime, timedelta

import pytest

from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.testing import emitted, frozen_at, run_until_idle
from opsconsole.examples.lending.cycling import Cycler, cycle_up_to
from opsconsole.examples.lending.events import SystemCycled
from opsconsole.schedules import firing
from opsconsole.schedules.testing import begin
from opsconsole.streams.testing import given
from tests.concurrency.races import at_once

CYCLE = "lending.daily_cycle"


def cycled(day: int) -> SystemCycled:
    return SystemCycled(date=date(2026, 3, day))


def reach(day: int):
    return lambda cycler: cycler.reach(date(2026, 3, day))


def dates() -> list[date]:
    return [event.date for event in emitted(SystemCycled)]


def march(*days: int) -> list[date]:
    return [date(2026, 3, day) for day in days]


def test_the_very_first_cycle_is_that_of_the_current_date():
    given(Cycler).when(reach(4)).then(cycled(4))


def test_dates_that_were_missed_follow_in_order():
    given(Cycler, cycled(1)).when(reach(4)).then(cycled(2), cycled(3), cycled(4))


def test_a_date_that_has_cycled_does_not_again():
    given(Cycler, cycled(1), cycled(2)).when(reach(2)).then()


def test_a_clock_that_went_back_announces_nothing():
    given(Cycler, cycled(3)).when(reach(1)).then()


@pytest.mark.usefixtures("back_office")
class TestOnItsSchedule:
    def test_the_business_date_is_that_of_its_zone(self):
        """At two in the morning, UTC, it is still yesterday in São Paulo."""
        with frozen_at(datetime(2026, 3, 2, 2, tzinfo=UTC)) as clock:
            begin(CYCLE)
            run_until_idle()
            assert dates() == march(1)
            clock.advance(timedelta(hours=1))  # midnight there
            run_until_idle()
        assert dates() == march(1, 2)

    def test_it_looks_an_hour_after_its_last_look_and_announces_a_date_once(self):
        with frozen_at(datetime(2026, 3, 1, 12, tzinfo=UTC)) as clock:
            begin(CYCLE)
            for _ in range(48):
                run_until_idle()
                clock.advance(timedelta(minutes=30))
        assert dates() == march(1, 2)

    def test_three_missed_days_are_three_dates_in_order(self):
        with frozen_at(datetime(2026, 3, 1, 12, tzinfo=UTC)) as clock:
            begin(CYCLE)
            run_until_idle()
            clock.advance(timedelta(days=3))
            run_until_idle()
        assert dates() == march(1, 2, 3, 4)
        stored = StoredEvent.objects.filter(type="lending.system_cycled").order_by("position")
        assert list(stored.values_list("version", flat=True)) == [1, 2, 3, 4]
        assert {event.cause_kind for event in stored} == {"command"}

    def test_two_dispatchers_announce_each_date_once(self):
        with frozen_at(datetime(2026, 3, 1, 12, tzinfo=UTC)) as clock:
            begin(CYCLE)
            run_until_idle()
            clock.advance(timedelta(days=3))
            for _ in range(6):
                at_once(firing.look, firing.look)
                run_until_idle()
        assert dates() == march(1, 2, 3, 4)

    def test_a_schedule_that_was_forgotten_and_begins_anew_leaves_no_date_out(self):
        from opsconsole.schedules.models import Run, Schedule

        with frozen_at(datetime(2026, 3, 1, 12, tzinfo=UTC)) as clock:
            begin(CYCLE)
            run_until_idle()
            Run.objects.all().delete()
            Schedule.objects.all().delete()
            clock.advance(timedelta(days=2))
            begin(CYCLE)
            run_until_idle()
        assert dates() == march(1, 2, 3)
        assert StoredCommand.objects.filter(type=CYCLE).count() == 2

    def test_whoever_else_asks_at_the_same_time_announces_nothing_twice(self):
        cycle_up_to(date(2026, 3, 1))
        at_once(*[lambda: cycle_up_to(date(2026, 3, 4))] * 8)
        assert dates() == march(1, 2, 3, 4)
