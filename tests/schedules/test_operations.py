"""What operators do: guarded, and with a true account of it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opsconsole.engine import operations as engine_operations
from opsconsole.engine.models import Command
from opsconsole.engine.testing import frozen_at, run_until_idle
from opsconsole.schedules import Cron, Cycle, Daily, Slot, firing, operations
from opsconsole.schedules.models import Schedule
from opsconsole.schedules.operations import Refused
from opsconsole.schedules.testing import begin, runs_of
from tests import factories
from tests.schedules.conftest import NAME

Declare = Callable[..., Any]

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def time() -> Iterator[Any]:
    with frozen_at(NOON) as frozen:
        yield frozen


def wait(time: Any, by: timedelta) -> None:
    time.advance(by)
    run_until_idle()


def fail(slot: Slot, work: Any) -> None:
    raise factories.Refused


class TestPause:
    def test_no_slot_fires_while_it_is_paused(self, declare: Declare, ran: list[Slot], time: Any):
        declare(Cron("0 * * * *", "UTC"))
        begin(NAME)
        operations.pause(NAME, actor="ana", reason="the books are being audited")
        wait(time, 5 * HOUR)
        assert ran == []
        row = Schedule.objects.get()
        assert (row.paused_by, row.pause_reason, row.paused_at) == ("ana", "the books are being audited", NOON)

    @pytest.mark.parametrize(("missed", "hours"), [("backfill", [13, 14, 15]), ("newest", [15]), ("skip", [])])
    def test_on_resume_the_slots_that_passed_count_as_missed(
        self, declare: Declare, ran: list[Slot], time: Any, missed: str, hours: list[int]
    ):
        declare(Cron("0 * * * *", "UTC"), missed=missed)
        begin(NAME)
        operations.pause(NAME, actor="ana", reason="audit")
        wait(time, 3 * HOUR + timedelta(minutes=5))
        operations.resume(NAME, actor="ben")
        run_until_idle()
        assert [slot.at.hour for slot in ran] == hours

    def test_a_pause_needs_a_reason(self, declare: Declare, time: Any):
        declare(Cron("0 * * * *", "UTC"))
        begin(NAME)
        with pytest.raises(Refused, match="needs a reason"):
            operations.pause(NAME, actor="ana", reason="  ")

    def test_a_second_pause_says_who_was_first(self, declare: Declare, time: Any):
        declare(Cron("0 * * * *", "UTC"))
        begin(NAME)
        operations.pause(NAME, actor="ana", reason="audit")
        with pytest.raises(Refused, match="ana has paused it already: audit"):
            operations.pause(NAME, actor="ben", reason="me too")

    def test_what_is_not_paused_cannot_be_resumed(self, declare: Declare, time: Any):
        declare(Cron("0 * * * *", "UTC"))
        begin(NAME)
        with pytest.raises(Refused, match="not paused"):
            operations.resume(NAME, actor="ana")

    def test_what_nobody_has_seen_cannot_be_paused(self, declare: Declare):
        declare(Cron("0 * * * *", "UTC"))
        with pytest.raises(Refused, match="no dispatcher has seen it"):
            operations.pause(NAME, actor="ana", reason="audit")


class TestRunNow:
    def test_it_runs_once_more_and_is_marked(self, declare: Declare, ran: list[Slot], time: Any):
        declare(Daily("06:00", "Asia/Tokyo"))
        begin(NAME)
        done = operations.run_now(NAME, actor="ana")
        run_until_idle()
        (run,) = runs_of(NAME)
        assert (run.is_manual, run.asked_by, run.command_id, run.status) == (True, "ana", done.command_id, "success")
        assert [(slot.is_manual, slot.at.hour) for slot in ran] == [(True, 21)]
        assert Command.objects.get().metadata["actor"] == "ana"

    def test_the_plan_goes_on_as_if_nothing_had_happened(self, declare: Declare, ran: list[Slot], time: Any):
        declare(Daily("13:00", "UTC"))
        begin(NAME)
        operations.run_now(NAME, actor="ana")
        wait(time, HOUR)
        assert [(slot.is_manual, slot.at.hour) for slot in ran] == [(True, 12), (False, 13)]

    def test_while_a_run_is_under_way_it_is_refused(self, declare: Declare, time: Any):
        declare(Daily("13:00", "UTC"))
        begin(NAME)
        operations.run_now(NAME, actor="ana")
        with pytest.raises(Refused, match="has not ended, and it has one at a time"):
            operations.run_now(NAME, actor="ana")

    def test_a_run_that_has_ended_a_moment_ago_does_not_stand_in_the_way(self, declare: Declare, time: Any):
        declare(Daily("13:00", "UTC"))
        begin(NAME)
        operations.run_now(NAME, actor="ana")
        factories.run()  # nobody has looked since
        time.advance(timedelta(seconds=1))
        assert operations.run_now(NAME, actor="ana").command_id

    def test_it_works_while_paused_or_failing(self, declare: Declare, time: Any):
        declare(Daily("13:00", "UTC"), missed="backfill", act=fail)
        begin(NAME)
        wait(time, HOUR)
        operations.pause(NAME, actor="ana", reason="it fails")
        assert operations.run_now(NAME, actor="ana").command_id

    def test_a_cycle_only_looks_at_once_whether_a_date_is_due(self, declare: Declare, ran: list[Slot], time: Any):
        declare(Cycle("UTC", every=100 * HOUR))
        begin(NAME)
        run_until_idle()
        with pytest.raises(Refused, match="2026-03-02 has had its run, and a cycle runs no date twice"):
            operations.run_now(NAME, actor="ana")
        time.advance(13 * HOUR)
        operations.run_now(NAME, actor="ana")
        run_until_idle()
        assert [slot.date.day for slot in ran] == [2, 3]
        assert not any(run.is_manual for run in runs_of(NAME))

    def test_a_paused_cycle_is_to_be_resumed_instead(self, declare: Declare, time: Any):
        declare(Cycle("UTC"))
        begin(NAME)
        operations.pause(NAME, actor="ana", reason="audit")
        with pytest.raises(Refused, match="resume it instead"):
            operations.run_now(NAME, actor="ana")

    def test_a_failed_date_of_a_cycle_is_to_be_reprocessed_instead(self, declare: Declare, time: Any):
        declare(Cycle("UTC"), act=fail)
        begin(NAME)
        run_until_idle()
        with pytest.raises(Refused, match="2026-03-02 has failed, and later dates wait for it"):
            operations.run_now(NAME, actor="ana")

    def test_what_no_code_answers_to_cannot_be_run(self, declare: Declare, time: Any):
        declare(Daily("13:00", "UTC"))
        begin(NAME)
        firing.DECLARED._items.pop(NAME)
        with pytest.raises(Refused, match="no code here answers to it"):
            operations.run_now(NAME, actor="ana")


class TestSkip:
    @pytest.fixture
    def _failed(self, declare: Declare, time: Any) -> None:
        declare(Cycle("UTC"), act=fail)
        begin(NAME)
        run_until_idle()

    @pytest.mark.usefixtures("_failed")
    def test_a_run_given_up_lets_later_ones_go_on(self, time: Any):
        operations.skip(NAME, actor="ana", reason="a holiday")
        wait(time, 24 * HOUR)
        first, second = runs_of(NAME)
        assert (first.status, first.note, second.status) == ("skipped", "Given up by ana: a holiday", "error")

    @pytest.mark.usefixtures("_failed")
    def test_it_needs_a_reason(self):
        with pytest.raises(Refused, match="needs a reason"):
            operations.skip(NAME, actor="ana", reason="")

    @pytest.mark.usefixtures("_failed")
    def test_a_command_that_is_reprocessed_later_changes_nothing_about_it(self, declare: Declare):
        operations.skip(NAME, actor="ana", reason="a holiday")
        (run,) = runs_of(NAME)
        engine_operations.reprocess_commands([run.command_id], actor="ana")
        run_until_idle()
        assert runs_of(NAME)[0].status == "skipped"

    def test_what_has_not_failed_cannot_be_given_up(self, declare: Declare, time: Any):
        declare(Cycle("UTC"))
        begin(NAME)
        run_until_idle()
        with pytest.raises(Refused, match="has not failed"):
            operations.skip(NAME, actor="ana", reason="a holiday")
