"""Requests share threads, and nothing else."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import connection, connections
from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone, translation

from opsconsole.config import serving
from opsconsole.config.serving import Handler

PATIENCE = 20


class Visit:
    """A GET of a client, who leaves when told to."""

    def __init__(self) -> None:
        self.scope = {
            "type": "http", "method": "GET", "path": "/health/live", "query_string": b"",
            "headers": [(b"host", b"localhost")],
        }  # fmt: skip
        self.leaves, self.sent, self.has_sent = asyncio.Event(), [], False

    async def receive(self) -> dict[str, Any]:
        if not self.has_sent:
            self.has_sent = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def to(self, handler: Handler) -> "asyncio.Task[None]":
        """As a task, which a web server makes for each request, with a context of its own."""
        return asyncio.create_task(handler(self.scope, self.receive, self.send))


def run(story: Any) -> None:
    asyncio.run(asyncio.wait_for(story(), PATIENCE))


def serving_with(view: Any) -> Handler:
    handler = Handler()
    handler._middleware_chain = view
    return handler


@pytest.fixture
def pool(database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A pool of one connection."""
    own = connections.settings["default"]
    monkeypatch.setitem(own["OPTIONS"], "pool", {"min_size": 1, "max_size": 1, "timeout": 3.0})
    monkeypatch.setitem(own, "CONN_MAX_AGE", 0)
    yield connection.pool
    connection.close_pool()


def test_one_after_the_other_they_run_on_one_thread_and_leave_nothing_to_each_other(pool: Any):
    seen: list[tuple[Any, ...]] = []

    def view(request: Any) -> HttpResponse:
        left = connection.connection
        seen.append((threading.get_ident(), translation.get_language(), timezone.get_current_timezone_name(), left))
        translation.activate("de")
        timezone.activate("Asia/Tokyo")
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return HttpResponse("well")

    async def story() -> None:
        handler = serving_with(view)
        for _ in range(3):
            visit = Visit()
            await visit.to(handler)
            assert visit.sent[-1]["body"] == b"well"
            assert pool.get_stats()["pool_available"] == 1

    run(story)
    assert len({thread for thread, *_ in seen}) == 1
    assert {tuple(found) for _, *found in seen} == {("en", "UTC", None)}


def test_at_the_same_time_each_has_a_thread_and_few_are_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(serving, "IDLE", 2)
    together = threading.Barrier(4)

    def view(request: Any) -> HttpResponse:
        together.wait(10)
        return HttpResponse(str(threading.get_ident()))

    async def story() -> None:
        handler = serving_with(view)
        visits = [Visit() for _ in range(4)]
        await asyncio.gather(*(visit.to(handler) for visit in visits))
        assert len({visit.sent[-1]["body"] for visit in visits}) == 4
        assert len(handler.idle) == 2

    run(story)


def test_nobody_waits_behind_the_request_of_a_client_who_has_left():
    began, over = threading.Event(), threading.Event()

    def view(request: Any) -> HttpResponse:
        if not began.is_set():
            began.set()
            over.wait(10)
        return HttpResponse("well")

    async def story() -> None:
        handler = serving_with(view)
        first, second = Visit(), Visit()
        leaving = first.to(handler)
        await asyncio.to_thread(began.wait, 10)
        first.leaves.set()
        await second.to(handler)
        assert second.sent[-1]["body"] == b"well"
        assert not over.is_set()
        over.set()
        await leaving
        assert first.sent == []

    run(story)


def test_what_was_cut_off_gives_its_thread_to_nobody(monkeypatch: pytest.MonkeyPatch):
    """The view may still run on it."""

    async def cut_off(*args: Any) -> None:
        raise asyncio.CancelledError

    async def story() -> None:
        handler = Handler()
        monkeypatch.setattr(handler, "handle", cut_off)
        with pytest.raises(asyncio.CancelledError):
            await Visit().to(handler)
        assert handler.idle == []

    run(story)


def test_signals_come_around_the_whole_answer_and_streams_arrive():
    order: list[str] = []

    def began(**kwargs: Any) -> None:
        order.append("started")

    def ended(**kwargs: Any) -> None:
        order.append("finished")

    def view(request: Any) -> StreamingHttpResponse:
        order.append("view")
        return StreamingHttpResponse(parts())

    async def parts() -> Any:
        for part in (b"one", b"two"):
            order.append(part.decode())
            yield part

    async def story() -> None:
        visit = Visit()
        await visit.to(serving_with(view))
        assert [message["body"] for message in visit.sent[1:] if message.get("body")] == [b"one", b"two"]

    request_started.connect(began)
    request_finished.connect(ended)
    try:
        run(story)
    finally:
        request_started.disconnect(began)
        request_finished.disconnect(ended)
    assert order == ["started", "view", "one", "two", "finished"]


def test_no_middleware_of_the_site_goes_back_to_the_loop(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("asgiref.sync.AsyncToSync.__call__", None)

    async def story() -> None:
        visit = Visit()
        await visit.to(Handler())
        assert visit.sent[0]["status"] == 200

    run(story)
