"""Work that kills its worker is stopped after its attempts and blames no other."""

import pytest

from tests.chaos.stage import Stage


@pytest.mark.timeout(120)
def test_a_command_that_kills_its_worker_stops_after_its_attempts_and_blames_no_other(stage: Stage) -> None:
    with stage.playing("dispatcher", "worker"):
        stage.send("poison", "30")
        stage.wait_until(stage.is_done, 90, what="the poison to be given up and the rest to succeed")
        assert stage.query(
            "SELECT type, status, attempts FROM ops_engine_command WHERE status <> 'success'"
        ) == [("tests.kill_worker", "error", 3)]
        assert stage.query("SELECT type, outcome, count(*) FROM ops_engine_attempt GROUP BY 1, 2") == [
            ("tests.kill_worker", "lost", 3)
        ]
        assert stage.value("SELECT count(*) FROM tests_entry") == 30


@pytest.mark.timeout(120)
def test_a_poison_among_commands_on_threads_is_found_and_the_others_succeed(stage: Stage) -> None:
    with stage.playing("dispatcher", "worker"):
        stage.send("poison_outside", "8")
        stage.wait_until(stage.is_done, 90, what="the poison to be given up and the rest to succeed")
        assert stage.query("SELECT status, count(*) FROM ops_engine_command GROUP BY 1 ORDER BY 1") == [
            ("error", 1),
            ("success", 7),
        ]
        assert (
            stage.value("SELECT payload->>'is_deadly' FROM ops_engine_command WHERE status = 'error'")
            == "true"
        )
        assert stage.value("SELECT count(DISTINCT subject_id) FROM ops_engine_attempt") == 1


@pytest.mark.timeout(120)
def test_an_event_whose_reaction_kills_its_worker_takes_no_other_with_it(stage: Stage) -> None:
    with stage.playing("dispatcher", "worker"):
        stage.send("fatal", "6")
        stage.wait_until(
            lambda: (
                not stage.value(
                    "SELECT count(*) FROM ops_engine_event WHERE status IN ('pending', 'processing')"
                )
            ),
            90,
            what="the fatal event to be given up and the rest to be reacted to",
        )
        assert stage.query("SELECT status, count(*) FROM ops_engine_event GROUP BY 1 ORDER BY 1") == [
            ("error", 1),
            ("success", 5),
        ]
        assert stage.value("SELECT data->>'number' FROM ops_engine_event WHERE status = 'error'") == "3"
