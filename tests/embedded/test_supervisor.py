"""The supervisor over stand-in programs: what happens when they die, and when it dies."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from opsconsole.embedded.waiting import wait_until
from tests.embedded import stand_ins
from tests.embedded.stand_ins import Supervised, exists

SECONDS = 30


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Callable[..., Supervised]]:
    started: list[Supervised] = []

    def start(**programs: str) -> Supervised:
        supervised = Supervised(tmp_path, **programs)
        started.append(supervised)
        return supervised

    yield start
    for supervised in started:
        with suppress(ProcessLookupError):
            supervised.process.kill()
        supervised.process.wait()


def wait(condition: Callable[[], bool]) -> None:
    assert wait_until(condition, SECONDS), "waited in vain"


def test_a_request_to_stop_ends_the_children_in_reverse_order(supervise, tmp_path):
    farewell = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        f"    open({str(tmp_path / 'order')!r}, 'a').write('{{}} ')\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "print('here', flush=True)\n"
        "signal.pause()"
    )
    supervised = supervise(first=farewell.format("first"), second=farewell.format("second"))
    wait(lambda: "here" in supervised.log("first") and "here" in supervised.log("second"))
    supervised.process.send_signal(signal.SIGTERM)
    assert supervised.process.wait(SECONDS) == 0
    assert (tmp_path / "order").read_text().split() == ["second", "first"]


def test_a_child_that_does_not_listen_is_killed_after_its_grace(supervise):
    supervised = supervise(deaf=stand_ins.STUBBORN)
    wait(lambda: "deaf" in supervised.log("deaf"))
    supervised.process.send_signal(signal.SIGINT)
    assert supervised.process.wait(SECONDS) == 0
    assert not exists(supervised.pids["deaf"])


def test_asked_a_second_time_it_waits_no_longer(supervise):
    supervised = supervise(patient=stand_ins.STUBBORN)
    wait(lambda: "deaf" in supervised.log("patient") and "watching" in supervised.words)
    supervised.process.send_signal(signal.SIGINT)
    wait(lambda: "stopping" in supervised.words)
    supervised.process.send_signal(signal.SIGINT)
    assert supervised.process.wait(SECONDS) == 0
    assert not exists(supervised.pids["patient"])


def test_a_killed_supervisor_leaves_no_process_behind(supervise):
    supervised = supervise(obedient=stand_ins.OBEDIENT, parent=stand_ins.WITH_GRANDCHILD)
    wait(lambda: "grandchild" in supervised.log("parent") and "deaf" in supervised.log("parent"))
    words = supervised.log("parent").split()
    grandchild = int(words[words.index("grandchild") + 1])
    everyone = [*supervised.pids.values(), grandchild]
    assert all(map(exists, everyone))
    supervised.process.kill()
    wait(lambda: not any(map(exists, everyone)))


def test_a_child_that_dies_is_named_with_its_last_words_and_started_again(supervise):
    supervised = supervise(worker=stand_ins.OBEDIENT)
    wait(lambda: "watching" in supervised.words)
    first = supervised.pids["worker"]
    os.kill(first, signal.SIGKILL)
    wait(lambda: supervised.pids["worker"] != first)
    assert "worker was ended by SIGKILL; starting it again" in supervised.words
    assert exists(supervised.pids["worker"])


def test_a_child_that_keeps_failing_says_why(supervise):
    supervised = supervise(worker=stand_ins.FAILING)
    wait(lambda: "the reason why" in supervised.words)
    assert "worker ended with exit code 1" in supervised.words
    assert supervised.process.poll() is None


def test_what_a_dead_child_had_started_ends_before_it_is_started_again(supervise):
    supervised = supervise(parent=stand_ins.WITH_GRANDCHILD)
    wait(lambda: "grandchild" in supervised.log("parent"))
    grandchild = int(supervised.log("parent").split()[1])
    os.kill(supervised.pids["parent"], signal.SIGKILL)
    wait(lambda: not exists(grandchild))


def test_all_ends_when_an_essential_child_cannot_be_brought_back(supervise):
    supervised = supervise(other=stand_ins.OBEDIENT, essential=stand_ins.FAILING)
    assert supervised.process.wait(SECONDS) == 1
    assert "essential ended with exit code 1 and cannot be brought back" in supervised.words
    assert not exists(supervised.pids["other"])


def test_a_full_disk_is_said_in_plain_words(supervise):
    supervised = supervise(essential=stand_ins.DISK_FULL)
    assert supervised.process.wait(SECONDS) == 1
    assert "The disk that holds" in supervised.words
    assert "is full" in supervised.words
    assert "Traceback" not in supervised.words
