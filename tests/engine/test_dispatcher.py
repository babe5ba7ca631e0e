"""The dispatcher finds work by being told and by looking, and hands it on to workers through the broker."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import connection

from opsconsole.embedded.waiting import wait_until
from opsconsole.engine import leadership, send, sequencing
from opsconsole.engine.dispatcher import LOOK_EVERY, Dispatcher
from opsconsole.engine.hints import broker_queue, hints
from opsconsole.engine.models import Leadership, Pause, Runner
from opsconsole.engine.waking import CHANNEL, EVENTS, TIMER
from tests.factories import claim, command, event, expire, happen
from tests.handlers_app.messages import Act, ActElsewhere, Ignored

PATIENCE = 15.0  # seconds


def eventually(condition: Callable[[], Any], what: str) -> None:
    assert wait_until(lambda: bool(condition()), PATIENCE), f"{what} did not happen"


@pytest.fixture
def broker() -> Iterator[Any]:
    with current_app.connection_for_write() as connection_to_broker:
        client = connection_to_broker.default_channel.client
        client.flushdb()
        yield client
        client.flushdb()
    if hints._connection is not None:
        hints._connection.release()
    hints._forget()


class Running:
    """Dispatchers in threads of this process, each with its own connections."""

    def __init__(self) -> None:
        self.started: list[tuple[Dispatcher, threading.Thread]] = []

    def start(self, name: str) -> Dispatcher:
        dispatcher = Dispatcher(name=name)
        thread = threading.Thread(target=self._run, args=(dispatcher,))
        thread.start()
        self.started.append((dispatcher, thread))
        return dispatcher

    @staticmethod
    def _run(dispatcher: Dispatcher) -> None:
        try:
            dispatcher.run()
        finally:
            connection.close()

    def stop(self) -> None:
        for dispatcher, _ in self.started:
            dispatcher.stop()
        for _, thread in self.started:
            thread.join(PATIENCE)
            assert not thread.is_alive()


@pytest.fixture
def running(broker: Any) -> Iterator[Running]:
    running = Running()
    yield running
    running.stop()


def waiting(broker: Any, queue: str) -> Callable[[], int]:
    return lambda: broker.llen(broker_queue(queue))


def test_due_work_is_found_by_looking_alone(broker: Any, running: Running):
    send(ActElsewhere())
    happen()
    running.start("one")
    eventually(waiting(broker, "elsewhere"), "a hint for the queue")
    eventually(waiting(broker, EVENTS), "a hint for the events")
    assert not waiting(broker, "default")()


def test_a_wake_up_is_passed_on_without_waiting_for_the_next_look(broker: Any, running: Running, settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "wake_up": "after_commit", "poll": 60.0, "sweep": 60.0}
    running.start("one")
    eventually(lambda: Leadership.objects.filter(owner="one").exists(), "the lead")
    eventually(_listening, "listening")
    send(ActElsewhere())
    eventually(waiting(broker, "elsewhere"), "a hint")


def test_a_delayed_command_is_handed_on_when_it_is_due(broker: Any, running: Running, settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "poll": 60.0, "sweep": 60.0}
    identifier = send(ActElsewhere(), delay=timedelta(seconds=1.5)).id
    running.start("one")
    eventually(waiting(broker, "elsewhere"), "a hint")
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp() - not_before FROM ops_engine_command WHERE id = %s", [identifier])
        (late,) = cursor.fetchone()
    assert timedelta(0) <= late < timedelta(seconds=1)


def test_events_are_given_positions(broker: Any, running: Running):
    identifier = happen()
    running.start("one")
    eventually(lambda: event(identifier).position == 1, "a position")


def test_workers_are_told_of_an_event_once_it_has_its_position_and_nothing_of_it_is_locked(monkeypatch):
    identifier = happen()
    told: dict[str, int | None] = {}
    monkeypatch.setattr(hints, "send", lambda queue: told.setdefault(queue, event(identifier).position))
    Dispatcher().wake({"default", EVENTS, TIMER})
    assert told == {"default": None, EVENTS: 1}


def test_no_worker_is_woken_for_events_that_nobody_reacts_to(monkeypatch: pytest.MonkeyPatch):
    happen(Ignored())
    told: list[str] = []
    monkeypatch.setattr(hints, "send", told.append)
    Dispatcher().wake({EVENTS})
    Dispatcher().poll()
    assert told == []
    happen()
    Dispatcher().wake({EVENTS})
    assert told == [EVENTS]


@pytest.mark.parametrize("find", [Dispatcher.poll, lambda dispatcher: dispatcher.wake({"default", EVENTS})])
def test_trouble_with_positions_keeps_no_worker_from_being_told(monkeypatch, find: Callable[[Dispatcher], None]):
    def fail() -> int:
        raise sequencing.Gap

    send(Act())
    happen()
    told: set[str] = set()
    monkeypatch.setattr(hints, "send", told.add)
    monkeypatch.setattr(sequencing, "sequence", fail)
    find(Dispatcher())
    assert told == {"default", EVENTS}


def test_lost_claims_are_swept(broker: Any, running: Running):
    identifier = send(Act()).id
    expire(claim())
    running.start("one")
    eventually(lambda: command(identifier).status == "pending", "the sweep")


def test_one_leads_and_the_other_takes_over_at_once_when_it_leaves(broker: Any, running: Running):
    first = running.start("one")
    eventually(lambda: Leadership.objects.filter(owner="one").exists(), "the lead")
    running.start("two")
    eventually(lambda: Runner.objects.filter(name="two").exists(), "standing by")
    assert Leadership.objects.get().owner == "one"
    assert set(Runner.objects.values_list("kind", flat=True)) == {"dispatcher"}
    first.stop()
    eventually(lambda: Leadership.objects.filter(owner="two").exists(), "the take-over")
    assert not Runner.objects.filter(name="one").exists()


def test_a_stand_by_writes_no_more_often_for_all_that_it_hears(running: Running, monkeypatch):
    sought: list[float] = []

    def seek(owner: str) -> bool:
        sought.append(time.monotonic())
        return False

    monkeypatch.setattr(leadership, "lead", seek)
    running.start("two")
    eventually(_listening, "listening")
    eventually(lambda: sought, "standing by")
    with connection.cursor() as cursor:
        while len(sought) < 3:
            cursor.execute(f"NOTIFY {CHANNEL}, 'default'")
    assert sought[2] - sought[0] > 1.5


def test_a_lead_that_was_lost_is_noticed_and_the_duties_are_left_to_the_other(broker: Any, running: Running):
    running.start("one")
    eventually(lambda: Leadership.objects.filter(owner="one").exists(), "the lead")
    Leadership.objects.update(owner="somebody else")
    identifier = happen()
    eventually(lambda: Leadership.objects.get().owner == "one", "the lead comes back once the other's lapsed")
    eventually(lambda: event(identifier).position, "a position")


def test_a_broken_connection_is_taken_up_again(broker: Any, running: Running):
    running.start("one")
    eventually(_listening, "listening")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    identifier = happen()
    eventually(lambda: event(identifier).position, "a position after the reconnection")
    eventually(_listening, "listening again")


def test_a_failing_duty_keeps_no_other_from_being_done(broker: Any, running: Running, monkeypatch):
    def fail() -> None:
        raise ArithmeticError

    monkeypatch.setattr("opsconsole.engine.sweeping.repair", fail)
    identifier = send(Act()).id
    expire(claim())
    running.start("one")
    eventually(lambda: command(identifier).status == "pending", "the sweep")


def test_due_queues_are_those_with_work_due_now_and_the_timer_knows_the_rest():
    dispatcher = Dispatcher()
    send(Act(), delay=timedelta(seconds=30))
    send(Act(), priority=3, delay=timedelta(seconds=20))
    send(ActElsewhere(), delay=timedelta(seconds=40))
    send(ActElsewhere(), priority=-3)
    assert dispatcher.look() == ["elsewhere"]
    assert 18 < dispatcher.next_due - time.monotonic() <= 20


def test_however_soon_work_is_due_there_is_a_pause_between_two_looks():
    for milliseconds in range(10, 50):
        send(Act(), delay=timedelta(milliseconds=milliseconds))
    dispatcher = Dispatcher()
    dispatcher.look()
    assert dispatcher.next_due - dispatcher.looked_at > 0.99 * LOOK_EVERY


def test_without_work_nothing_is_due():
    assert Dispatcher().look() == []


def test_paused_work_does_not_keep_the_dispatcher_from_other_queues(broker: Any, running: Running):
    Pause.objects.create(scope="queue", key="default")
    send(Act())
    send(ActElsewhere())
    running.start("one")
    eventually(waiting(broker, "elsewhere"), "a hint")


def test_positions_are_given_in_full_however_many_wait(broker: Any, monkeypatch):
    monkeypatch.setattr(sequencing, "PASS", 2)
    monkeypatch.setattr(sequencing.sequence, "__defaults__", (2, None))
    emitted = [happen() for _ in range(5)]
    Dispatcher().poll()
    assert sorted(event(one).position for one in emitted) == [1, 2, 3, 4, 5]


def test_leaving_without_a_database_is_no_error(monkeypatch):
    def fail(owner: str) -> None:
        raise connection.Database.OperationalError("gone")

    monkeypatch.setattr(leadership, "resign", fail)
    Dispatcher().leave()


def _listening() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%%'"
        )
        return bool(cursor.fetchone()[0])
