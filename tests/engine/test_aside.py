"""Chunks that wait for the world outside run beside the drain, which goes on when they take long."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence

import pytest
from django.db import connection

from opsconsole.engine import Command, Fixed, aside, draining, send, tasks
from opsconsole.engine.aside import aside as beside
from opsconsole.engine.configuration import configuration
from opsconsole.engine.heartbeat import Heart, heart
from opsconsole.engine.hints import hints
from opsconsole.engine.models import Claim
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.together import Task, handles_together
from tests.factories import command, statuses
from tests.handlers_app.messages import ActElsewhere
from tests.handlers_app.scripts import let as play

LIMIT = 10  # seconds, for what happens at once


class Call(Command, name="tests.call", queue="elsewhere", retry=Fixed(every=60, times=1)):
    number: int = 0


Handle = Callable[[Sequence[Task]], Iterator[Sequence[Task]]]
_current: list[Handle] = []


@handles_together(Call, most=4)
def call(tasks: Sequence[Task]) -> Iterator[Sequence[Task]]:
    yield from _current[-1](tasks)


@pytest.fixture(autouse=True)
def _alone(monkeypatch) -> None:
    monkeypatch.setattr(Heart, "start", lambda self: None)
    monkeypatch.setattr(hints, "send", lambda queue: True)
    monkeypatch.setattr(aside, "PATIENCE", LIMIT)


@pytest.fixture
def answer(monkeypatch) -> Iterator[threading.Event]:
    """Nobody answers before it is set, and no drain has patience."""
    answered = threading.Event()
    monkeypatch.setattr(aside, "PATIENCE", 0.05)

    def wait(tasks: Sequence[Task]) -> Iterator[Sequence[Task]]:
        assert answered.wait(LIMIT)
        yield tasks

    _current.append(wait)
    yield answered
    answered.set()
    beside.finish()
    _current.clear()


def let(handle: Handle) -> None:
    _current.append(handle)


def test_a_chunk_that_is_soon_done_is_waited_for():
    let(lambda tasks: iter([tasks]))
    for number in range(3):
        send(Call(number=number))
    assert draining.drain("elsewhere") == 3
    assert statuses() == ["success"] * 3


def test_a_drain_goes_on_while_one_waits_and_the_claim_is_held_until_it_has_ended(answer, monkeypatch):
    waiting = send(Call()).id
    assert draining.drain("elsewhere") == 0
    (claim,) = Claim.objects.all()
    assert command(waiting).status == "processing" and claim.id in heart._held

    let(lambda tasks: iter([tasks]))
    monkeypatch.setattr(aside, "PATIENCE", LIMIT)
    send(Call())
    assert draining.drain("elsewhere") == 1

    answer.set()
    beside.finish()
    assert statuses() == ["success", "success"]
    assert not Claim.objects.exists() and not heart._held


def test_there_is_room_for_one_more_when_the_drain_goes_on(answer, monkeypatch):
    monkeypatch.setattr(aside, "MOST_CHUNKS", 2)
    send(Call())
    draining.drain("elsewhere")
    send(Call())
    second = threading.Thread(target=_drain)
    second.start()
    second.join(0.3)
    assert second.is_alive(), "two are under way, and that is all there may be"
    answer.set()
    second.join(LIMIT)
    assert not second.is_alive() and statuses() == ["success", "success"]


def test_no_more_commands_are_under_way_than_a_process_has_files_for(answer, monkeypatch):
    monkeypatch.setattr(aside, "MOST_COMMANDS", configuration().chunk_size + 2)
    for number in range(3):
        send(Call(number=number))
    drain = threading.Thread(target=_drain)
    drain.start()
    drain.join(0.3)
    assert drain.is_alive()
    answer.set()
    drain.join(LIMIT)
    assert statuses() == ["success"] * 3


def test_an_error_of_ours_is_the_drains_while_it_waits(monkeypatch):
    def fail(chunk: object) -> int:
        raise ArithmeticError

    monkeypatch.setattr(draining, "execute_chunk", fail)
    send(Call())
    with pytest.raises(ArithmeticError):
        draining.drain("elsewhere")


def test_an_error_that_comes_later_is_logged(answer, monkeypatch, caplog):
    def fail(chunk: object) -> int:
        answer.wait(LIMIT)
        raise ArithmeticError("so late")

    monkeypatch.setattr(draining, "execute_chunk", fail)
    send(Call())
    draining.drain("elsewhere")
    with caplog.at_level(logging.ERROR):
        answer.set()
        beside.end()  # and with the threads, what they have to say
    (record,) = caplog.records
    assert record.action == "drain.failed" and "so late" in caplog.text


def test_a_database_that_goes_away_meanwhile_gives_the_commands_back(answer, caplog):
    def be_cut_off(tasks: Sequence[Task]) -> Iterator[Sequence[Task]]:
        assert answer.wait(LIMIT)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        yield tasks

    let(be_cut_off)
    identifier = send(Call()).id
    draining.drain("elsewhere")
    answer.set()
    beside.end()  # and with the threads, what they have to say
    heart.beat()
    assert (command(identifier).status, command(identifier).attempts) == ("pending", 0)
    assert [record.action for record in caplog.records if record.name == aside.__name__] == ["drain.disconnected"]


def test_whoever_waits_for_long_holds_no_connection(answer):
    held, told = [], threading.Event()

    def wait(tasks: Sequence[Task]) -> Iterator[Sequence[Task]]:
        held.append(connection.connection is not None)
        yield []
        held.append(connection.connection is not None)
        told.set()
        assert answer.wait(LIMIT)
        yield tasks

    let(wait)
    send(Call())
    draining.drain("elsewhere")
    assert told.wait(LIMIT) and held == [True, False]
    answer.set()
    beside.finish()
    assert statuses() == ["success"]


def test_after_many_that_waited_those_that_are_soon_done_share_one_connection(answer, monkeypatch):
    for number in range(6):
        send(Call(number=number))
        draining.drain("elsewhere")
    answer.set()
    beside.finish()
    monkeypatch.setattr(aside, "PATIENCE", LIMIT)
    sessions = set()

    def note(tasks: Sequence[Task]) -> Iterator[Sequence[Task]]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            sessions.add(cursor.fetchone()[0])
        yield tasks

    let(note)
    for number in range(12):
        send(Call(number=number))
        assert draining.drain("elsewhere") == 1
    assert len(sessions) == 1


def test_a_chunk_with_other_commands_in_it_stays_in_the_drain():
    let(lambda tasks: iter([tasks]))
    seen = []
    play(ActElsewhere, lambda message, work: seen.append(threading.current_thread()))
    send(Call()), send(ActElsewhere())
    assert draining.drain("elsewhere") == 2
    assert seen == [threading.current_thread()]


def test_a_worker_process_ends_when_what_it_has_called_for_is_recorded(answer, monkeypatch):
    monkeypatch.setattr(heart, "leave", lambda: None)
    send(Call())
    draining.drain("elsewhere")
    end = threading.Thread(target=tasks.end)
    end.start()
    end.join(0.3)
    assert end.is_alive() and statuses() == ["processing"]
    answer.set()
    end.join(LIMIT)
    assert StoredCommand.objects.get().status == "success"


def _drain() -> None:
    try:
        draining.drain("elsewhere")
    finally:
        connection.close()
