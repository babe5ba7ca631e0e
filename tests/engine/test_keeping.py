"""A worker's connection outlives Celery's habit of closing it around every task."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections

from opsconsole.engine import keeping, tasks
from opsconsole.engine.heartbeat import Heart
from opsconsole.engine.keeping import kept_connection

pytestmark = pytest.mark.usefixtures("database")


def in_a_worker(steps: Callable[[], Any]) -> Any:
    """In a thread of its own, as a worker has; whose connection is closed in the end."""

    def run() -> Any:
        try:
            return steps()
        finally:
            with kept_connection():
                connection.close()

    with ThreadPoolExecutor(1) as worker:
        return worker.submit(run).result()


def backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def as_celery_does() -> None:
    for one in connections.all(initialized_only=True):
        one.close()


def test_a_drain_uses_the_connection_that_the_last_one_left():
    def drain_three_times() -> set[int]:
        seen = set()
        for _ in range(3):
            with kept_connection():
                seen.add(backend())
            as_celery_does()
        return seen

    assert len(in_a_worker(drain_three_times)) == 1


def test_between_two_drains_others_get_a_connection_of_their_own():
    def drain_and_do_something_else() -> tuple[int, int, int]:
        with kept_connection():
            first = backend()
        other = backend()
        with kept_connection():
            return first, other, backend()

    first, other, second = in_a_worker(drain_and_do_something_else)
    assert first == second != other


def test_a_connection_that_broke_is_not_kept():
    def break_it() -> tuple[int, int]:
        with pytest.raises(OperationalError), kept_connection():
            first = backend()
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        with kept_connection():
            return first, backend()

    first, second = in_a_worker(break_it)
    assert first != second


def test_whoever_runs_a_task_himself_keeps_his_connection(monkeypatch):
    monkeypatch.setattr(Heart, "start", lambda self: None)  # it would outlive the test
    mine = connections[DEFAULT_DB_ALIAS]
    tasks.drain("default")
    assert connections[DEFAULT_DB_ALIAS] is mine
    assert keeping._kept.connection is None
