"""Hints in the broker: one a queue, and none that anybody has to wait for."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from celery import current_app

from opsconsole.engine.hints import Hints, broker_queue
from opsconsole.engine.waking import EVENTS

NAMES = ("default", "elsewhere", EVENTS)


@pytest.fixture
def broker() -> Iterator[Any]:
    """The broker's own client; the queues of these tests are empty before and after."""
    with current_app.connection_for_write() as connection:
        client = connection.default_channel.client
        client.delete(*map(broker_queue, NAMES))
        yield client
        client.delete(*map(broker_queue, NAMES))


@pytest.fixture
def hints() -> Iterator[Hints]:
    hints = Hints()
    yield hints
    if hints._connection is not None:
        hints._connection.release()


def test_a_hint_waits_in_the_queue_of_its_name(broker: Any, hints: Hints):
    assert hints.send("elsewhere")
    assert broker.llen("ops.elsewhere") == 1
    assert hints.send(EVENTS)
    assert broker.llen("ops.events") == 1
    assert b"opsconsole.react" in broker.lindex("ops.events", 0)
    assert b"opsconsole.drain" in broker.lindex("ops.elsewhere", 0)


def test_one_hint_a_queue_is_enough(broker: Any, hints: Hints):
    for _ in range(20):
        assert hints.send("default")
    assert broker.llen("ops.default") == 1


def test_a_hint_that_was_taken_or_lost_can_be_sent_again(broker: Any, hints: Hints):
    hints.send("default")
    broker.flushdb()
    hints.send("default")
    assert broker.llen("ops.default") == 1


def test_without_a_broker_nobody_waits_and_nothing_is_raised(hints: Hints, monkeypatch):
    monkeypatch.setattr(current_app, "connection_for_write", lambda: current_app.connection("redis://127.0.0.1:1/0"))
    began = time.monotonic()
    assert hints.send("default") is False
    assert time.monotonic() - began < 3
    calls: list[str] = []
    monkeypatch.setattr(hints, "_send", calls.append)
    assert hints.send("default") is False, "for a moment it does not even try"
    assert not calls


def test_once_the_broker_is_back_hints_flow_again(broker: Any, hints: Hints, monkeypatch):
    moment = [1000.0]
    monkeypatch.setattr("opsconsole.engine.hints.time.monotonic", lambda: moment[0])
    with monkeypatch.context() as broken:
        broken.setattr(hints, "_send", lambda queue: 1 / 0)
        assert hints.send("default") is False
    moment[0] += 0.6
    assert hints.send("default") is True
    assert broker.llen("ops.default") == 1


def test_a_connection_that_the_broker_closed_is_replaced(broker: Any, hints: Hints, monkeypatch):
    moment = [1000.0]
    monkeypatch.setattr("opsconsole.engine.hints.time.monotonic", lambda: moment[0])
    assert hints.send("default")
    broker.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    broker.delete("ops.default")
    for _ in range(5):
        moment[0] += 1
        if hints.send("default"):
            break
    assert broker.llen("ops.default") == 1
