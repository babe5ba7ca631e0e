"""Each slot gets its run, once and in its order, whatever happened meanwhile."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from opsconsole.engine import operations as engine_operations
from opsconsole.engine.models import Command
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.testing import emitted, frozen_at, run_until_idle
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7
from opsconsole.schedules import Cron, Cycle, Daily, Slot, firing, settling
from opsconsole.schedules.enrolling import enrol
from opsconsole.schedules.models import Run, Schedule
from opsconsole.schedules.testing import begin, runs_of
from tests import factories
from tests.factories import Refused
from tests.handlers_app.messages import Act, Happened
from tests.schedules.conftest import NAME

Declare = Callable[..., Any]

SAO_PAULO = "America/Sao_Paulo"
NOON = datetime(2026, 3, 2, 15, tzinfo=UTC)  # Monday noon in São Paulo
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TURN = timedelta(hours=2)  # a cycle has looked again by then


@pytest.fixture
def time() -> Iterator[Any]:
    with frozen_at(NOON) as frozen:
        yield frozen


def slots(name: str = NAME) -> list[str]:
    return [run.slot for run in runs_of(name)]


def statuses(name: str = NAME) -> list[str]:
    return [run.status for run in runs_of(name)]


def schedule(name: str = NAME) -> Schedule:
    return Schedule.objects.get(pk=name)


def wait(time: Any, by: timedelta) -> None:
    time.advance(by)
    run_until_idle()


def emit_number(slot: Slot, work: Any) -> None:
    work.emit(Happened(number=slot.date.day))


class Broken:
    """What a schedule does while its cause of failure is not mended."""

    def __init__(self, *days: int) -> None:
        self.days = set(days)

    def __call__(self, slot: Slot, work: Any) -> None:
        if slot.date.day in self.days:
            raise Refused
        work.emit(Happened(number=slot.date.day))


class TestCycles:
    def test_a_new_cycle_runs_the_current_date_and_none_before_it(self, declare: Declare, ran: list[Slot], time: Any):
        declare(Cycle(SAO_PAULO))
        begin(NAME)
        run_until_idle()
        assert [slot.date for slot in ran] == [date(2026, 3, 2)]
        assert f"{ran[0].at:%H:%M %z}" == "00:00 -0300"

    def test_a_new_cycle_is_not_late_for_what_began_before_it_was_seen(self, declare: Declare, time: Any):
        declare(Cycle(SAO_PAULO))
        begin(NAME)
        run_until_idle()
        assert runs_of(NAME)[0].lateness(schedule()) == timedelta(0)

    def test_a_gap_of_three_days_gives_its_dates_in_order_once_each(self, declare: Declare, time: Any):
        declare(Cycle(SAO_PAULO), act=emit_number)
        begin(NAME)
        run_until_idle()
        wait(time, 3 * DAY)
        assert [event.number for event in emitted(Happened)] == [2, 3, 4, 5]
        assert slots() == ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"]
        assert set(statuses()) == {"success"}

    def test_the_next_look_begins_an_hour_after_the_last_one_ended(self, declare: Declare, time: Any):
        declare(Cycle(SAO_PAULO))
        begin(NAME)
        firing.advance()
        time.advance(timedelta(minutes=20))  # so long its run takes
        run_until_idle()
        assert schedule().looked_at == NOON + timedelta(minutes=20)
        assert schedule().next_at == NOON + timedelta(minutes=80)

    def test_a_new_date_is_found_at_the_first_look_after_it_began(self, declare: Declare, time: Any):
        declare(Cycle(SAO_PAULO, every=HOUR))
        begin(NAME)
        run_until_idle()
        wait(time, timedelta(hours=11, minutes=59))
        assert len(slots()) == 1
        wait(time, HOUR)
        assert slots()[1:] == ["2026-03-03"]
        assert runs_of(NAME)[1].lateness(schedule()) == timedelta(minutes=59)

    @pytest.mark.parametrize(
        ("zone", "start", "days"),
        [
            ("Europe/Berlin", datetime(2026, 3, 28, 11, tzinfo=UTC), 3),
            ("Europe/Berlin", datetime(2026, 10, 24, 11, tzinfo=UTC), 3),
            (SAO_PAULO, datetime(2018, 11, 3, 15, tzinfo=UTC), 3),  # forward at midnight
            (SAO_PAULO, datetime(2019, 2, 16, 15, tzinfo=UTC), 3),  # back at midnight
            ("America/Havana", datetime(2026, 10, 31, 15, tzinfo=UTC), 3),
        ],
    )
    def test_days_on_which_clocks_change_run_once_like_any_other(
        self, declare: Declare, ran: list[Slot], zone: str, start: datetime, days: int
    ):
        declare(Cycle(zone, every=timedelta(minutes=10)))
        with frozen_at(start) as time:
            begin(NAME)
            run_until_idle()
            for _ in range(days * 24):
                wait(time, HOUR)
        first = ran[0].date
        assert [slot.date for slot in ran] == [first + number * DAY for number in range(days + 1)]

    def test_it_survives_that_everybody_forgets_everything(self, declare: Declare, time: Any):
        declare(Cycle(SAO_PAULO))
        begin(NAME)
        firing.advance()  # and the process ends before the command is executed
        wait(time, 2 * DAY)
        enrol()
        run_until_idle()
        assert slots() == ["2026-03-02", "2026-03-03", "2026-03-04"]

    def test_later_dates_wait_for_a_failed_one_until_it_was_reprocessed(self, declare: Declare, time: Any):
        broken = Broken(3)
        declare(Cycle(SAO_PAULO), act=broken)
        begin(NAME)
        run_until_idle()
        wait(time, 3 * DAY)
        assert statuses() == ["success", "error"]
        wait(time, DAY)
        assert slots() == ["2026-03-02", "2026-03-03"], "later ones wait"
        broken.days.clear()
        assert engine_operations.reprocess_commands([runs_of(NAME)[1].command_id], actor="ana").changed == 1
        run_until_idle()
        assert statuses() == ["success", "healed", "success", "success", "success"]
        assert [event.number for event in emitted(Happened)] == [2, 3, 4, 5, 6]

    def test_a_failed_date_is_healed_however_often_others_have_failed_since(
        self, declare: Declare, time: Any, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(settling, "HEALABLE", 0)
        broken = Broken(2)
        declare(Cycle(SAO_PAULO), act=broken)
        begin(NAME)
        run_until_idle()
        broken.days.clear()
        engine_operations.reprocess_commands([runs_of(NAME)[0].command_id], actor="ana")
        run_until_idle()
        assert statuses() == ["healed"]

    def test_when_zone_or_declaration_change_a_date_is_still_run_once(self, declare: Declare, time: Any):
        declaration = declare(Cycle(SAO_PAULO))
        begin(NAME)
        run_until_idle()
        moved = type(declaration)(NAME, Cycle("Asia/Tokyo"), "backfill", declaration.message)
        for changed in (moved, declaration, moved):
            enrol([changed])
            with_changed = {**firing.DECLARED._items, NAME: changed}
            firing.DECLARED._items.update(with_changed)
            wait(time, TURN)
        assert slots() == ["2026-03-02", "2026-03-03"]  # it is Tuesday in Tokyo


class TestMissed:
    def test_newest_runs_only_the_newest_and_counts_the_others(self, declare: Declare, ran: list[Slot], time: Any):
        declare(Cron("0 * * * *", SAO_PAULO))
        begin(NAME)
        wait(time, timedelta(hours=5, minutes=10))
        assert [slot.at.hour for slot in ran] == [17]
        assert [run.left_out for run in runs_of(NAME)] == [4]
        wait(time, timedelta(minutes=50))
        assert [run.left_out for run in runs_of(NAME)] == [4, 0]

    def test_backfill_runs_every_one_in_order(self, declare: Declare, ran: list[Slot], time: Any):
        declare(Cron("0 * * * *", SAO_PAULO), missed="backfill")
        begin(NAME)
        wait(time, timedelta(hours=5, minutes=10))
        assert [slot.at.hour for slot in ran] == [13, 14, 15, 16, 17]

    @pytest.mark.usefixtures("untroubled")
    def test_backfill_sends_the_next_only_once_the_one_before_has_succeeded(self, declare: Declare, time: Any):
        declare(Cron("0 * * * *", SAO_PAULO), missed="backfill")
        begin(NAME)
        time.advance(5 * HOUR)
        for _ in range(3):
            firing.advance()
        assert statuses() == ["pending"]

    def test_skip_runs_nothing_that_is_late_and_goes_on_in_time(self, declare: Declare, ran: list[Slot], time: Any):
        declare(Cron("0 * * * *", SAO_PAULO), missed="skip")
        begin(NAME)
        wait(time, timedelta(hours=5, minutes=10))
        assert ran == []
        assert schedule().left_out == 5
        wait(time, timedelta(minutes=50, seconds=30))
        assert [slot.at.hour for slot in ran] == [18]
        assert [run.left_out for run in runs_of(NAME)] == [5]

    @pytest.mark.parametrize("missed", ["newest", "skip"])
    def test_a_failed_run_holds_nothing_up_unless_slots_are_back_filled(self, declare: Declare, time: Any, missed: str):
        declare(Cron("0 * * * *", SAO_PAULO), missed=missed, act=Broken(2))
        begin(NAME)
        for _ in range(3):
            wait(time, HOUR)
        assert statuses() == ["error", "error", "error"]

    @pytest.mark.usefixtures("untroubled")
    def test_a_slot_that_comes_while_the_run_before_is_under_way_is_missed(self, declare: Declare, time: Any):
        declare(Cron("0 * * * *", SAO_PAULO))
        begin(NAME)
        for _ in range(4):
            time.advance(HOUR)
            firing.advance()  # nobody executes its command
        assert slots() == ["2026-03-02T16:00:00Z"]
        run_until_idle()
        assert slots() == ["2026-03-02T16:00:00Z", "2026-03-02T19:00:00Z"]
        assert runs_of(NAME)[1].left_out == 2

    def test_a_new_schedule_runs_nothing_from_before_it_existed(self, declare: Declare, time: Any):
        declare(Daily("11:59", SAO_PAULO), missed="backfill")
        begin(NAME)
        run_until_idle()
        assert slots() == []
        wait(time, DAY)
        assert slots() == ["2026-03-03"]

    def test_a_changed_rule_makes_up_for_nothing_under_the_old_one(self, declare: Declare, time: Any):
        before = declare(Cron("0 6 * * *", SAO_PAULO), missed="backfill")
        begin(NAME)
        time.advance(2 * DAY)
        changed = type(before)(NAME, Cron("0 * * * *", SAO_PAULO), "backfill", before.message)
        firing.DECLARED._items[NAME] = changed
        enrol()
        run_until_idle()
        assert slots() == []
        wait(time, HOUR)
        assert slots() == ["2026-03-04T16:00:00Z"]


class TestClocks:
    def test_a_clock_that_goes_back_repeats_no_slot(self, declare: Declare, ran: list[Slot], time: Any):
        declare(Cron("0 * * * *", SAO_PAULO), missed="backfill")
        begin(NAME)
        wait(time, 3 * HOUR)
        wait(time, -2 * HOUR)
        wait(time, 3 * HOUR)
        hours = [slot.at.hour for slot in ran]
        assert hours == [13, 14, 15, 16]

    def test_after_a_clock_that_was_far_ahead_it_goes_on_at_once(self, declare: Declare, ran: list[Slot], time: Any):
        declare(Cron("0 * * * *", SAO_PAULO))
        begin(NAME)
        wait(time, 30 * DAY)
        wait(time, -30 * DAY)
        wait(time, HOUR)
        assert [f"{slot.at:%m-%d %H}" for slot in ran] == ["04-01 12", "03-02 13"]

    def test_a_cycle_that_saw_the_future_runs_no_date_twice_and_leaves_none_out(
        self, declare: Declare, ran: list[Slot], time: Any
    ):
        declare(Cycle(SAO_PAULO))
        begin(NAME)
        run_until_idle()
        wait(time, 3 * DAY)
        wait(time, -3 * DAY)
        for _ in range(5 * 12):
            wait(time, TURN)
        assert [slot.date.day for slot in ran] == [2, 3, 4, 5, 6, 7]

    def test_the_time_is_the_database_s(self, declare: Declare, monkeypatch: pytest.MonkeyPatch):
        declare(Cron("0 0 * * *", "UTC"))
        monkeypatch.setattr(clock, "now", lambda: NOON + 365 * DAY)
        enrol()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT seen_until BETWEEN now() - interval '1 minute' AND now() FROM ops_schedules_schedule"
            )
            assert cursor.fetchone() == (True,)


class TestRuns:
    def test_its_command_has_the_schedule_s_name_and_knows_its_run(self, declare: Declare, time: Any):
        declare(Daily("13:00", SAO_PAULO), act=emit_number)
        begin(NAME)
        wait(time, HOUR)
        (run,) = runs_of(NAME)
        command = Command.objects.get()
        assert (command.type, command.cause_kind, command.cause_id) == (NAME, "schedule", run.pk)
        assert command.metadata == {"schedule": NAME, "slot": "2026-03-02"}
        event = StoredEvent.objects.get()
        assert (event.cause_kind, event.cause_id) == ("command", command.pk)
        assert (run.command_id, run.status, run.finished_at) == (command.pk, "success", command.finished_at)

    def test_a_returned_command_is_sent_and_its_end_is_the_end_of_the_run(self, declare: Declare, time: Any):
        declare(Daily("13:00", SAO_PAULO), missed="backfill", act=lambda slot, work: Act(number=slot.date.day))
        begin(NAME)
        time.advance(HOUR)
        firing.advance()
        factories.run()  # the schedule's own command; the returned one waits
        firing.advance()
        assert statuses() == ["pending"]
        run_until_idle()
        (run,) = runs_of(NAME)
        returned = Command.objects.get(pk=run.returned_id)
        assert (run.status, returned.type, returned.payload["number"]) == ("success", "tests.act", 2)
        assert (returned.cause_kind, returned.cause_id) == ("command", run.command_id)

    def test_options_of_the_declaration_are_those_of_its_commands(self, declare: Declare, time: Any):
        declare(Daily("13:00", SAO_PAULO), queue="elsewhere", priority=3)
        begin(NAME)
        time.advance(HOUR)
        firing.advance()
        command = Command.objects.get()
        assert (command.queue, command.priority) == ("elsewhere", 3)

    def test_what_goes_wrong_with_one_schedule_holds_no_other_up(
        self, declare: Declare, time: Any, monkeypatch: pytest.MonkeyPatch
    ):
        declare(Daily("13:00", SAO_PAULO), name="tests.a")
        declare(Daily("13:00", SAO_PAULO), name="tests.b")
        begin()
        time.advance(HOUR)
        start_run = firing.start_run

        def stumble(declaration: Any, *args: Any, **options: Any) -> Any:
            if declaration.name == "tests.a":
                raise Refused
            return start_run(declaration, *args, **options)

        monkeypatch.setattr(firing, "start_run", stumble)
        run_until_idle()
        assert (slots("tests.a"), slots("tests.b")) == ([], ["2026-03-02"])

    def test_a_schedule_that_no_code_answers_to_fires_nothing_and_keeps_its_history(self, declare: Declare, time: Any):
        declare(Daily("13:00", SAO_PAULO))
        begin(NAME)
        wait(time, HOUR)
        declaration = firing.DECLARED._items.pop(NAME)
        wait(time, DAY)
        firing.look()
        assert slots() == ["2026-03-02"]
        firing.DECLARED._items[NAME] = declaration
        run_until_idle()
        assert slots() == ["2026-03-02", "2026-03-03"]


class TestConstraints:
    """What the database refuses, whatever the code believes."""

    @pytest.fixture(autouse=True)
    def _row(self, declare: Declare, time: Any) -> None:
        declare(Daily("13:00", SAO_PAULO))
        begin(NAME)

    def _run(self, **columns: Any) -> Run:
        defaults = {"schedule_id": NAME, "slot": "one", "at": NOON, "on": NOON.date(), "command_id": uuid7()}
        return Run.objects.create(**{**defaults, "status": "success", **columns})

    def _refused(self, constraint: str, act: Callable[[], Any]) -> None:
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            act()

    def test_a_second_run_of_a_slot(self):
        self._run()
        self._refused("ops_schedules_run_once", self._run)

    def test_a_second_run_under_way(self):
        self._run(status="pending")
        self._refused("ops_schedules_run_alone", lambda: self._run(slot="two", status="pending"))

    def test_a_status_that_is_none(self):
        self._refused("ops_schedules_run_status", lambda: self._run(status="perhaps"))

    @pytest.mark.parametrize(
        ("constraint", "changes"),
        [
            ("ops_schedules_schedule_kind", {"kind": "never"}),
            ("ops_schedules_schedule_missed", {"missed": "never"}),
            ("ops_schedules_schedule_paused", {"paused_at": NOON}),
            ("ops_schedules_schedule_paused", {"pause_reason": "none"}),
        ],
    )
    def test_a_schedule_that_makes_no_sense(self, constraint: str, changes: dict[str, Any]):
        self._refused(constraint, lambda: Schedule.objects.filter(pk=NAME).update(**changes))

    def test_a_slot_with_a_run_is_passed_over_although_its_schedule_does_not_know(self, time: Any, ran: list[Slot]):
        wait(time, HOUR)
        Schedule.objects.update(seen_until=NOON - DAY, next_at=NOON)
        run_until_idle()
        assert len(ran) == 1
        assert schedule().seen_until == NOON + HOUR
