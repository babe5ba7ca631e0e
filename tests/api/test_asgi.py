"""Bodies that are too large are refused while they come in, and not taken first."""

import asyncio
import importlib
import json
from typing import Any

import pytest

from opsconsole.api.asgi import BoundedBodies

LIMIT = 1_000
CHUNK = 100


class Exchange:
    """One request to an ASGI application: what it sent is counted, and what was answered is kept."""

    def __init__(self, path: str, *, chunks: int = 0, declared: int | None = None, **headers: str) -> None:
        given = {**headers, **({"content-length": str(declared)} if declared is not None else {})}
        self.scope = {
            "type": "http", "method": "POST", "path": path, "query_string": b"", "headers": [
                (name.replace("_", "-").encode(), value.encode()) for name, value in given.items()
            ],
        }  # fmt: skip
        self.chunks, self.received, self.sent = chunks, 0, []

    async def receive(self) -> dict[str, Any]:
        self.received += 1
        if self.received > self.chunks:
            await asyncio.Event().wait()  # as a client that waits for its answer
        return {"type": "http.request", "body": b"x" * CHUNK, "more_body": self.received < self.chunks}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    def of(self, application: Any) -> "Exchange":
        asyncio.run(asyncio.wait_for(application(self.scope, self.receive, self.send), 10))
        return self

    @property
    def status(self) -> int:
        return self.sent[0]["status"]

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode().lower(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.sent[1:])


class Taker:
    """Takes the whole body before it answers, as Django does."""

    def __init__(self) -> None:
        self.taken, self.was_left = 0, False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.was_left = True
                break
            self.taken += len(message["body"])
            if not message["more_body"]:
                break
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"taken"})


@pytest.fixture(autouse=True)
def _limit(settings: Any) -> None:
    settings.OPSCONSOLE_API = {"body_limit": LIMIT}


def test_a_body_that_is_declared_too_large_is_refused_before_any_of_it_is_taken():
    taker = Taker()
    exchange = Exchange("/jobs", chunks=50, declared=LIMIT + 1, x_request_id="mine-1").of(BoundedBodies(taker))
    assert (exchange.status, exchange.received, taker.taken) == (413, 0, 0)
    assert exchange.headers["content-type"] == "application/problem+json"
    assert exchange.headers["x-request-id"] == "mine-1"
    told = json.loads(exchange.body)
    assert (told["detail"], told["requestId"], told["instance"]) == (
        "A body has 1,000 bytes at most.",
        "mine-1",
        "/jobs",
    )


@pytest.mark.parametrize("path", ["/jobs", "/jobs/no-such-job/cancel", "/api/v1/commands", "/api/nothing", "/health"])
def test_one_that_is_not_declared_is_refused_at_the_first_byte_too_many(path: str):
    taker = Taker()
    exchange = Exchange(path, chunks=50).of(BoundedBodies(taker))
    assert (exchange.status, exchange.received) == (413, LIMIT // CHUNK + 1)
    assert (taker.taken, taker.was_left) == (LIMIT, True)
    assert [message["type"] for message in exchange.sent] == ["http.response.start", "http.response.body"]


def test_where_the_site_lies_below_a_path_its_api_is_found_too():
    below = Exchange("/ops/jobs", chunks=50)
    below.scope["root_path"] = "/ops"
    assert below.of(BoundedBodies(Taker())).status == 413


def test_one_that_says_less_than_it_is_has_its_bytes_counted_too():
    assert Exchange("/jobs", chunks=50, declared=5).of(BoundedBodies(Taker())).received == LIMIT // CHUNK + 1


def test_whoever_has_begun_to_answer_is_not_answered_over():
    async def hasty(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await Taker()(scope, receive, lambda message: asyncio.sleep(0))
        await send({"type": "http.response.body", "body": b"taken"})

    exchange = Exchange("/jobs", chunks=50).of(BoundedBodies(hasty))
    assert (exchange.status, len(exchange.sent), exchange.received) == (200, 2, LIMIT // CHUNK + 1)


def test_one_within_the_limit_arrives_whole():
    taker = Taker()
    exchange = Exchange("/jobs", chunks=LIMIT // CHUNK, declared=LIMIT).of(BoundedBodies(taker))
    assert (exchange.status, exchange.body, taker.taken) == (200, b"taken", LIMIT)


@pytest.mark.parametrize("path", ["/admin/auth/user/add/", "/nowhere/of/ours"])
def test_forms_elsewhere_may_be_larger_up_to_a_limit_of_their_own(path: str):
    larger = 2 * LIMIT
    application = BoundedBodies(Taker(), elsewhere=larger)
    assert Exchange(path, chunks=larger // CHUNK).of(application).body == b"taken"
    refused = Exchange(path, chunks=50).of(application)
    assert (refused.status, refused.received) == (413, larger // CHUNK + 1)
    assert (refused.headers["content-type"], refused.body) == ("text/plain", b"A body has 2,000 bytes at most.")


def test_without_one_nothing_elsewhere_is_bounded():
    assert Exchange("/admin/auth/user/add/", chunks=50).of(BoundedBodies(Taker())).body == b"taken"


def test_the_site_refuses_whoever_has_no_token_before_django_has_stored_their_body(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPSCONSOLE_POOL", "0")  # set by the module when nobody has, for all that is started later
    application = importlib.import_module("opsconsole.config.asgi").application
    exchange = Exchange("/jobs", chunks=100_000).of(application)
    assert (exchange.status, exchange.received) == (413, LIMIT // CHUNK + 1)
    form = Exchange("/admin/login/", chunks=100_000).of(application)
    assert (form.status, form.received) == (413, 2_621_440 // CHUNK + 1)
