"""Is anything wrong? Each condition alone, in words that say what to do."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from opsconsole.console.dashboard.state import State
from opsconsole.console.dashboard.verdict import Finding, verdict
from opsconsole.engine.models import Pause
from opsconsole.engine.queries.capacity import Backlog, Dispatcher, Overdue, Worker
from opsconsole.engine.queries.history import Ended, History, Mark, Runs, Slot
from opsconsole.engine.queries.rollups import Failures
from opsconsole.engine.queries.windows import Bounded
from opsconsole.kernel import clock

NOW = clock.now()


def a_worker(queue: str = "") -> Worker:
    return Worker("host:1", "host", 1, NOW, NOW, queue)


def a_backlog(seconds: float | None, queue: str = "mail", due: int = 3, **fields: Any) -> Backlog:
    return Backlog(queue, Bounded(due), None if seconds is None else timedelta(seconds=seconds), **fields)


def a_state(**changes: Any) -> State:
    """Everything well, but for the changes."""
    well = State(
        now=NOW, histories={"command": History("command", None, Mark(NOW, 1), ())}, counts={}, failures=[],
        failed_lately={}, backlogs=[], workers=[a_worker()], dispatchers=[Dispatcher("host:2", "host", 2, NOW, True)],
        overdue=None, pauses=[],
    )  # fmt: skip
    return replace(well, **changes)


def the_finding(**changes: Any) -> Finding:
    (finding,) = verdict(a_state(**changes)).findings
    return finding


def test_all_well_says_what_was_looked_at() -> None:
    answer = verdict(a_state(backlogs=[a_backlog(3)]))
    assert answer.level == "success"
    assert answer.headline == (
        "All well: nothing failed in the last hour, nothing waits longer than 3.00 s, 1 worker alive"
    )


def test_no_dispatcher_is_grave() -> None:
    finding = the_finding(dispatchers=[])
    assert (finding.level, finding.title) == ("error", "No dispatcher is running")
    assert "manage.py dispatcher" in finding.advice


def test_dispatchers_without_a_leader_are_odd() -> None:
    finding = the_finding(dispatchers=[Dispatcher("host:2", "host", 2, NOW, False)])
    assert (finding.level, finding.title) == ("warning", "No dispatcher leads")


def test_work_waiting_without_a_worker_is_grave() -> None:
    finding = the_finding(workers=[], backlogs=[a_backlog(125)])
    assert (finding.level, finding.title) == ("error", "Work has waited 2 min 5 s and no worker is alive")
    assert "manage.py worker" in finding.advice and "status=pending" in finding.address


def test_no_worker_and_nothing_to_do_is_only_a_warning() -> None:
    finding = the_finding(workers=[], backlogs=[a_backlog(None)])
    assert (finding.level, finding.title) == ("warning", "No worker is alive")


def test_a_queue_that_nobody_is_busy_with_is_named() -> None:
    finding = the_finding(backlogs=[a_backlog(600)])
    assert finding.title == "Work waits: mail for 10 min 0 s"
    assert finding.cause == "No worker is busy with mail."


def test_a_queue_that_workers_cannot_keep_up_with_needs_more_of_them() -> None:
    finding = the_finding(backlogs=[a_backlog(600)], workers=[a_worker("mail")])
    assert finding.advice == "Add workers."


def test_a_short_wait_is_no_finding() -> None:
    assert verdict(a_state(backlogs=[a_backlog(40)])).findings == ()


def test_a_paused_queue_is_told_as_paused_and_not_as_late() -> None:
    pause = Pause(scope="queue", key="mail", reason="provider down", paused_by="ana")
    finding = the_finding(backlogs=[a_backlog(6_000, is_paused=True)], pauses=[pause])
    assert (finding.level, finding.title) == ("info", "Queue mail is paused by ana")
    assert finding.cause == "provider down."
    assert "queue=mail" in finding.address


def test_what_somebody_holds_back_leaves_all_well() -> None:
    assert verdict(a_state(pauses=[Pause(scope="type", key="t.x")])).level == "success"


def test_failures_of_the_last_hour_name_the_type_that_failed_most() -> None:
    finding = the_finding(
        failures=[Failures("command", "t.mail", (7, 7, 8, 9)), Failures("command", "t.x", (1, 1, 1, 1))]
    )
    assert finding.title == "8 commands failed in the last hour"
    assert finding.cause == "Mostly t.mail (7 of 8)."
    assert "status=error" in finding.address and "ended_from=" in finding.address


def test_older_failures_are_history() -> None:
    assert verdict(a_state(failures=[Failures("command", "t.mail", (0, 7, 8, 9))])).level == "success"


def test_failed_batches_keep_others_waiting() -> None:
    finding = the_finding(failed_lately={"batch": Bounded(2), "workflow": Bounded(0)})
    assert finding.title == "2 batches of the last 24 hours failed"


def test_claims_that_nobody_sweeps_are_noticed() -> None:
    assert the_finding(overdue=Overdue(2, timedelta(seconds=90))).title == "2 claims of lost workers not taken back"


def test_counts_that_lag_are_noticed() -> None:
    ended = Ended(Slot(NOW - timedelta(hours=2), "t.x", "success", 1), Runs("t.x", 0.1, ()))
    old = History("command", None, Mark(NOW - timedelta(hours=3), 1), (ended,))
    assert the_finding(histories={"command": old}).title == "Counts are 2 h 0 min behind"


def test_a_mark_in_the_past_is_harmless_as_long_as_nothing_has_ended() -> None:
    old = History("command", None, Mark(NOW - timedelta(days=1), 1), ())
    assert verdict(a_state(histories={"command": old})).level == "success"


def test_the_gravest_comes_first_and_the_rest_is_counted() -> None:
    answer = verdict(a_state(dispatchers=[], backlogs=[a_backlog(600)], failed_lately={"batch": Bounded(1)}))
    assert [finding.level for finding in answer.findings] == ["error", "warning", "warning"]
    assert answer.headline == "No dispatcher is running, and 2 more things need attention"
    assert answer.level == "error"


@pytest.mark.parametrize("kind", ["command", "event"])
def test_a_link_leads_to_the_kind_that_failed(kind: str) -> None:
    finding = the_finding(failures=[Failures(kind, "t.x", (1, 1, 1, 1))])
    assert finding.address.startswith(f"/admin/engine/{kind}s/")
    assert finding.title == f"1 {kind} failed in the last hour"
