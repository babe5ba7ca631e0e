"""A drain claims and executes until nothing is due or others want their turn."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from celery import current_app
from django.db import connection

from opsconsole.engine import draining, send, send_batch, tasks
from opsconsole.engine.heartbeat import Heart, heart
from opsconsole.engine.hints import broker_queue, hints
from opsconsole.engine.models import Claim
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.waking import EVENTS
from tests.factories import batch, command, event, happen, statuses
from tests.handlers_app.messages import Act, ActElsewhere
from tests.handlers_app.scripts import let


@pytest.fixture(autouse=True)
def _without_a_heart_thread(monkeypatch) -> None:
    """A drain starts the heart of its process; here it would outlive the test."""
    monkeypatch.setattr(Heart, "start", lambda self: None)


@pytest.fixture(autouse=True)
def broker() -> Iterator[Any]:
    with current_app.connection_for_write() as connection_to_broker:
        client = connection_to_broker.default_channel.client
        client.flushdb()
        yield client
        client.flushdb()
    if hints._connection is not None:
        hints._connection.release()
    hints._forget()


def test_everything_due_is_executed(settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_size": 3}
    identifier = send_batch([Act(number=number) for number in range(10)], on_success=Act())
    assert draining.drain("default") == 11
    assert batch(identifier).status == "success"
    assert not Claim.objects.exists()
    assert heart.busy_with == ""


def test_only_its_own_queue_is_drained():
    send(Act())
    send(ActElsewhere())
    draining.drain("elsewhere")
    assert statuses(type="tests.act") == ["pending"]
    assert statuses(type="tests.act_elsewhere") == ["success"]


def test_finding_more_than_one_chunk_it_calls_for_help(settings, broker):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_size": 2}
    for number in range(2):
        send(Act(number=number))
    draining.drain("default")
    assert not broker.llen(broker_queue("default")), "one chunk is no reason"
    for number in range(4):
        send(Act(number=number))
    draining.drain("default")
    assert broker.llen(broker_queue("default")) == 1


def test_after_its_time_it_makes_room_and_leaves_a_hint_to_come_back(settings, broker):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_size": 1, "drain_seconds": 0.0}
    for number in range(3):
        send(Act(number=number))
    assert draining.drain("default") == 1
    assert broker.llen(broker_queue("default")) == 1
    assert statuses() == ["success", "pending", "pending"]


def test_it_says_what_it_is_busy_with():
    seen = []
    let(Act, lambda message, work: seen.append(heart.busy_with))
    send(Act())
    draining.drain("default")
    assert seen == ["default"]


def test_a_database_that_goes_away_ends_the_drain_and_not_the_worker():
    def be_cut_off(message, work):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    let(Act, be_cut_off)
    identifier = send(Act()).id
    assert draining.drain("default") == 0
    heart.beat()
    assert command(identifier).status == "pending"


def test_an_error_of_ours_is_not_kept_quiet(monkeypatch):
    def fail(chunk: Any) -> None:
        raise ArithmeticError

    monkeypatch.setattr(draining, "execute_chunk", fail)
    send(Act())
    with pytest.raises(ArithmeticError):
        draining.drain("default")
    assert heart.busy_with == ""


def test_all_events_are_reacted_to(settings, broker):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "event_chunk_size": 2}
    emitted = [happen() for _ in range(5)]
    assert draining.react() == 5
    assert {event(one).status for one in emitted} == {"success"}
    assert broker.llen(broker_queue(EVENTS)) == 1, "a full chunk calls for help"


def test_the_tasks_of_celery_drain_and_react():
    send(Act())
    happen()
    tasks.drain("default")
    tasks.react()
    assert statuses() == ["success"]


def test_two_drains_at_once_share_the_work():
    seen: list[str] = []
    both = threading.Barrier(2, timeout=10)

    def meet(message, work):
        seen.append(threading.current_thread().name)
        if message.number < 2:
            both.wait()

    let(Act, meet)
    from opsconsole.engine import claiming

    claiming.costs.learn("tests.act", 60.0)
    for number in range(2):
        send(Act(number=number))
    threads = [threading.Thread(target=_drain, name=name) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(seen) == {"one", "two"}
    assert StoredCommand.objects.filter(status="success").count() == 2


def _drain() -> None:
    """Again, should it have looked while the other one was choosing."""
    try:
        while StoredCommand.objects.exclude(status="success").exists():
            draining.drain("default")
    finally:
        connection.close()
