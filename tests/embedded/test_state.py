"""The state directory: one run at a time, secrets for us only, and what others may learn from it."""

import signal
import stat
import subprocess
import sys

import pytest

from opsconsole.embedded.children import Child
from opsconsole.embedded.leftovers import Leftover
from opsconsole.embedded.processes import command_line
from opsconsole.embedded.state import State
from opsconsole.embedded.trouble import Trouble
from opsconsole.embedded.waiting import wait_until
from tests.embedded.stand_ins import OBEDIENT

URLS = {"DATABASE_URL": "postgresql:///x", "REDIS_URL": "redis+socket:///x"}


def test_a_second_run_on_the_same_directory_is_refused(tmp_path):
    second = State(tmp_path)
    refused = pytest.raises(Trouble, match=r"Another `manage\.py up` is working")
    with State(tmp_path).taken(), refused, second.taken():
        pytest.fail("it was let in")
    with second.taken():
        pass


def test_others_learn_the_variables_only_while_it_runs(tmp_path):
    running = State(tmp_path)
    with running.taken():
        running.publish(URLS, [])
        assert State(tmp_path).running_environment() == URLS
    running.publish(URLS, [])  # as one that was killed leaves it
    assert State(tmp_path).running_environment() == {}


def test_what_is_kept_is_made_once_and_readable_by_us_only(tmp_path):
    state = State(tmp_path)
    assert state.keep("secret-key", lambda: "made up") == "made up"
    assert state.keep("secret-key", lambda: "something else") == "made up"
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


def test_what_is_kept_is_made_anew_when_it_is_no_longer_good(tmp_path):
    state = State(tmp_path)
    state.keep("smtp-port", lambda: "1025")
    assert state.keep("smtp-port", lambda: "1026", still_good=lambda port: port != "1025") == "1026"


def test_a_reset_forgets_what_is_ours_and_nothing_else(tmp_path):
    state = State(tmp_path)
    state.keep("admin-password", lambda: "made up")
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("18")
    (tmp_path / "thesis.txt").write_text("years of work")
    state.reset()
    assert [path.name for path in tmp_path.iterdir() if path.name != "lock"] == ["thesis.txt"]


def test_the_logs_of_the_run_before_are_kept(tmp_path):
    state = State(tmp_path)
    for run in ("oldest", "before", "now"):
        state.set_logs_aside()
        (state.logs / "web.log").write_text(run)
    assert (state.logs / "web.log").read_text() == "now"
    assert (tmp_path / "logs-before" / "web.log").read_text() == "before"


@pytest.fixture
def stranger():
    with subprocess.Popen([sys.executable, "-c", OBEDIENT], start_new_session=True) as process:
        assert wait_until(lambda: OBEDIENT in command_line(process.pid), 10)
        yield process
        process.kill()


def test_a_process_that_a_killed_run_left_behind_is_ended(stranger, tmp_path):
    child = Child("worker", [sys.executable, "-c", OBEDIENT], log=tmp_path / "log")
    leftover = Leftover("worker", stranger.pid, child.mark, signal.SIGTERM)
    assert leftover.runs
    leftover.end()
    assert stranger.wait(10) != 0
    assert not leftover.runs


def test_a_process_that_only_has_the_same_number_is_left_alone(stranger):
    assert not Leftover("worker", stranger.pid, "manage.py worker", signal.SIGTERM).runs


def test_a_leftover_survives_the_way_through_the_file(tmp_path):
    child = Child("worker", [sys.executable, "-c", OBEDIENT], log=tmp_path / "log")
    child.launch()
    try:
        State(tmp_path).publish(URLS, [child])
        assert State(tmp_path).leftovers() == [Leftover.of(child)]
    finally:
        child.kill()
