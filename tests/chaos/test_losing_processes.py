"""Whatever dies, every command has its effect once."""

import os
import random
import signal

import pytest

from tests.chaos.stage import LEASE, Stage

ONCE = "SELECT count(*), count(DISTINCT command_id) FROM tests_entry"


@pytest.mark.timeout(120)
def test_nothing_is_lost_and_nothing_happens_twice(stage: Stage) -> None:
    survive(stage, commands=1500, faults=8, seed=4)


@pytest.mark.full
@pytest.mark.timeout(1800)
def test_nothing_is_lost_and_nothing_happens_twice_among_twenty_thousand(stage: Stage) -> None:
    survive(stage, commands=20_000, faults=40, seed=20)


def test_a_killed_workers_chunk_is_rescued_within_the_lease_and_two_seconds(stage: Stage) -> None:
    with stage.playing("dispatcher", "worker"):
        stage.send("record", "40", "50")
        stage.wait_until(lambda: stage.value("SELECT count(*) FROM tests_entry"), 30, what="a first effect")
        (pid,) = stage.query(
            "SELECT DISTINCT split_part(worker, ':', 2)::integer FROM ops_engine_claim LIMIT 1"
        )[0]
        claims = [
            claim
            for (claim,) in stage.query("SELECT id FROM ops_engine_claim WHERE worker LIKE %s", [f"%:{pid}"])
        ]
        os.kill(pid, signal.SIGKILL)
        rescued = stage.wait_until(
            lambda: not stage.value("SELECT count(*) FROM ops_engine_claim WHERE id = ANY(%s)", [claims]),
            LEASE + 10,
            what="the killed worker's claim to be taken back",
        )
        assert rescued <= LEASE + 2
        stage.wait_until(stage.is_done, 60, what="all commands to end")
        assert stage.query(ONCE) == [(40, 40)]


def test_a_worker_that_is_told_to_stop_interrupts_no_command(stage: Stage) -> None:
    with stage.playing("dispatcher", "worker"):
        stage.send("record", "60", "50")
        stage.wait_until(lambda: stage.value("SELECT count(*) FROM tests_entry"), 30, what="a first effect")
        stage.kill("worker", signal.SIGTERM)
        assert stage.query("SELECT count(*) FROM ops_engine_attempt") == [(0,)]
        assert not stage.value("SELECT count(*) FROM ops_engine_command WHERE status = 'processing'")
        stage.restart_the_dead()
        stage.wait_until(stage.is_done, 60, what="all commands to end")
        assert stage.query(ONCE) == [(60, 60)]


def survive(stage: Stage, *, commands: int, faults: int, seed: int) -> None:
    """Let processes die at random while commands are executed; then count effects."""
    chance = random.Random(seed)
    blows = [_worker, _worker, _main, _dispatcher, _broker, _empty]
    plan = [chance.choice(blows) for _ in range(faults - 2)]
    for place in sorted(chance.sample(range(faults), 2)):
        plan.insert(place, _database)
    with stage.playing("dispatcher", "worker"):
        stage.send("record", str(commands))
        for number, blow in enumerate(plan):
            goal = commands * (number + 1) // (len(plan) + 1)
            stage.wait_until(lambda goal=goal: _ended(stage) >= goal, 120, what=f"{goal} commands to end")
            blow(stage, chance)
            stage.restart_the_dead()
        stage.wait_until(stage.is_done, 120, what="all commands to end")
        assert stage.query("SELECT status, count(*) FROM ops_engine_command GROUP BY 1") == [
            ("success", commands)
        ]
        assert stage.query(ONCE) == [(commands, commands)]
        assert not stage.value("SELECT count(*) FROM ops_engine_claim")


def _ended(stage: Stage) -> int:
    return int(
        stage.value("SELECT count(*) FROM ops_engine_command WHERE status NOT IN ('pending', 'processing')")
    )


def _worker(stage: Stage, chance: random.Random) -> None:
    if workers := stage.workers():
        os.kill(chance.choice(workers), signal.SIGKILL)


def _main(stage: Stage, chance: random.Random) -> None:
    stage.kill("worker")


def _dispatcher(stage: Stage, chance: random.Random) -> None:
    stage.kill("dispatcher")


def _broker(stage: Stage, chance: random.Random) -> None:
    stage.servers.valkey.kill()
    stage.servers.valkey.start()


def _empty(stage: Stage, chance: random.Random) -> None:
    stage.empty_the_broker()


def _database(stage: Stage, chance: random.Random) -> None:
    stage.servers.postgres.stop("immediate")
    stage.servers.postgres.start()
