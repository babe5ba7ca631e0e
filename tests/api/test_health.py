"""How it is, told in time to those who ask, whatever is wrong."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections

from opsconsole.config import settings as project
from tests.api.callers import Program


@pytest.fixture
def spent_pool(database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The site's pool, of one connection, which somebody has and keeps."""
    monkeypatch.setenv("OPSCONSOLE_POOL", "1")
    monkeypatch.setitem(connections.settings["default"]["OPTIONS"], "pool", project._database()["OPTIONS"]["pool"])
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)
    taken, over = threading.Event(), threading.Event()

    def keep() -> None:
        connection.ensure_connection()
        taken.set()
        over.wait(60)
        connection.close()

    keeper = threading.Thread(target=keep)
    keeper.start()
    assert taken.wait(10)
    yield
    over.set()
    keeper.join()
    connection.close_pool()


def _asked(program: Program, path: str) -> tuple[Any, float]:
    began = time.monotonic()
    return program.get(path), time.monotonic() - began


def test_when_every_connection_of_the_pool_is_in_use_it_is_told_long_before_the_pools_thirty_seconds(spent_pool: None):
    asked = [(Program(), "/health"), (Program(), "/health/ready"), (Program("ops_unknown"), "/jobs")]
    with ThreadPoolExecutor(len(asked)) as threads:
        health, ready, jobs = threads.map(lambda one: _asked(*one), asked)
    for answer, seconds in (health, ready, jobs):
        assert (answer.status_code, seconds < 15) == (503, True), (answer.content, seconds)
    assert health[0].json()["status"] == "Unhealthy"
    assert ready[0].json()["checks"][0]["detail"] == "no connection to it could be had"
    assert (jobs[0].json()["type"], jobs[0].headers["Retry-After"]) == ("urn:opsconsole:problem:busy", "1")
