"""A process that is frozen is as good as dead, and must not act on what it believed when it thaws."""

import os
import signal

import pytest

from tests.chaos.stage import LEASE, Stage


@pytest.mark.timeout(120)
def test_a_worker_frozen_past_its_lease_cannot_finish_what_was_given_to_another(stage: Stage) -> None:
    with stage.playing("dispatcher", "worker"):
        stage.send("wait", "go")
        stage.wait_until(lambda: _holder(stage), 30, what="the command to be claimed")
        frozen = _holder(stage)
        os.kill(frozen, signal.SIGSTOP)
        stage.wait_until(
            lambda: _holder(stage) not in (0, frozen),
            LEASE + 15,
            what="another worker to take the command over",
        )
        stage.query("INSERT INTO tests_entry (command_id, note) VALUES (gen_random_uuid(), 'go')")
        stage.wait_until(stage.is_done, 30, what="the command to end")
        os.kill(frozen, signal.SIGCONT)
        stage.wait_until(
            lambda: _is_idle(stage, frozen), 30, what="the thawed worker to find that it lost its claim"
        )
        assert stage.value("SELECT count(*) FROM tests_entry WHERE note = ''") == 1
        assert stage.query("SELECT status, attempts FROM ops_engine_command") == [("success", 2)]
        assert stage.query("SELECT outcome, worker FROM ops_engine_attempt")[0][0] == "lost"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_stand_by_dispatcher_takes_over_within_seconds(stage: Stage, number: int) -> None:
    with stage.playing("dispatcher"):
        stage.wait_until(lambda: stage.query("SELECT owner FROM ops_engine_leadership"), 30, what="a leader")
        leader = stage.value("SELECT owner FROM ops_engine_leadership")
        stage.start("stand-by", "worker")
        stage.wait_until(
            lambda: stage.value("SELECT count(*) FROM ops_engine_runner WHERE kind = 'dispatcher'") == 2,
            30,
            what="a stand-by",
        )
        stage.kill("dispatcher", number)
        taken = stage.wait_until(
            lambda: stage.value("SELECT owner FROM ops_engine_leadership") != leader,
            20,
            what="the stand-by to lead",
        )
        assert taken < 8
        stage.send("record", "20")
        stage.wait_until(stage.is_done, 30, what="the stand-by to have work done")


def _holder(stage: Stage) -> int:
    """The process whose claim holds the command; 0 for none."""
    rows = stage.query(
        "SELECT split_part(claim.worker, ':', 2)::integer FROM ops_engine_claim AS claim"
        " JOIN ops_engine_command AS command ON command.claim_id = claim.id"
    )
    return int(rows[0][0]) if rows else 0


def _is_idle(stage: Stage, pid: int) -> bool:
    """Alive again, and at no work."""
    return bool(
        stage.value(
            "SELECT count(*) FROM ops_engine_runner WHERE pid = %s AND busy_with = ''"
            " AND seen_at > statement_timestamp() - interval '2 seconds'",
            [pid],
        )
    )
