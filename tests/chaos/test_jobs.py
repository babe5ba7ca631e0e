"""Jobs over HTTP to a real web server, from many clients at once, and with workers that die."""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from typing import Any

import pytest
from django.contrib.auth.models import User

from opsconsole.api import tokens
from opsconsole.api.models import JobKey, Use
from opsconsole.embedded.children import Child
from opsconsole.embedded.ports import LOOPBACK, answers, free_port
from opsconsole.embedded.state import CHECKOUT
from opsconsole.engine import send
from opsconsole.engine.models import Command as StoredCommand
from tests.chaos.conftest import LEASE
from tests.chaos.site import Site, eventually
from tests.handlers_app.messages import Record
from tests.handlers_app.models import Entry

CLIENTS = 16


class Web:
    """The site's web server, which takes jobs from this machine."""

    def __init__(self, site: Site) -> None:
        self.port = free_port()
        words = ["-m", "uvicorn", "opsconsole.config.asgi:application", "--port", str(self.port), "--no-access-log"]
        words += ["--timeout-graceful-shutdown", "1"]
        environment = {**os.environ, **site.environment, "OPSCONSOLE_DEMO": "1", "OPSCONSOLE_LOG_LEVEL": "WARNING"}
        log = site.directory / "logs" / "web.log"
        self.child = Child("web", [sys.executable, *words], log=log, environment=environment)
        self.child.directory = CHECKOUT

    def ask(self, link: HTTPConnection, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        link.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
        response = link.getresponse()
        return response.status, json.loads(response.read())

    def link(self) -> HTTPConnection:
        return HTTPConnection(LOOPBACK, self.port, timeout=60)

    def state(self, identifier: str) -> str:
        link = self.link()
        try:
            return str(self.ask(link, "GET", f"/jobs/{identifier}")[1]["state"])
        finally:
            link.close()


@pytest.fixture
def web(site: Site) -> Iterator[Web]:
    site.dispatcher()
    web = Web(site)
    web.child.launch()
    try:
        eventually(lambda: answers(web.port), "the web server's start")
        yield web
    finally:
        web.child.kill()


@pytest.mark.parametrize("count", [400, pytest.param(5_000, marks=[pytest.mark.full, pytest.mark.timeout(1800)])])
def test_many_clients_with_the_same_keys_make_one_job_a_key(site: Site, web: Web, count: int):
    site.worker(2)
    numbers = [number // 2 for number in range(count)]
    random.Random(count).shuffle(numbers)
    took: list[float] = []
    made: dict[int, set[str]] = {}

    def client(place: int) -> None:
        link = web.link()
        for number in numbers[place::CLIENTS]:
            body = {"type": "Record", "payload": {"number": number}, "idempotencyKey": f"key-{number}"}
            began = time.perf_counter()
            status, answer = web.ask(link, "POST", "/jobs", body)
            took.append(time.perf_counter() - began)
            assert status == 202, answer
            made.setdefault(number, set()).add(answer["id"])
        link.close()

    began = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(client, range(CLIENTS)))
    seconds = time.perf_counter() - began
    assert {len(ids) for ids in made.values()} == {1}
    assert StoredCommand.objects.count() == JobKey.objects.count() == len(made) == count // 2
    eventually(lambda: StoredCommand.objects.filter(status="success").count() == count // 2, "every job's end")
    ended = time.perf_counter() - began
    assert Entry.objects.count() == count // 2
    took.sort()
    p50, p99 = (1000 * took[int(len(took) * share)] for share in (0.5, 0.99))
    print(
        f"\n{count} POST /jobs from {CLIENTS} clients: {count / seconds:.0f}/s, p50 {p50:.0f} ms, p99 {p99:.0f} ms;"
        f" {count // 2} jobs completed after {ended:.1f} s"
    )


def test_a_job_whose_worker_is_killed_is_pending_again_and_then_completed(site: Site, web: Web):
    worker = site.worker(1)
    link = web.link()
    _, accepted = web.ask(link, "POST", "/jobs", {"type": "Record", "payload": {"milliseconds": 4_000}})
    link.close()
    eventually(lambda: web.state(accepted["id"]) == "Processing", "its beginning")
    worker.kill()
    began = time.monotonic()
    eventually(lambda: web.state(accepted["id"]) == "Pending", "its return", seconds=LEASE + 2)
    print(f"\npending again {time.monotonic() - began:.1f} s after its worker was killed; the lease is {LEASE:g} s")
    site.worker(1)
    eventually(lambda: web.state(accepted["id"]) == "Completed", "its end")
    assert Entry.objects.count() == 1


def test_those_who_wait_for_results_do_not_hold_up_the_end_of_the_web_server(web: Web):
    permission = "ops_engine.view_command"
    _, secret = tokens.make("waiting", User.objects.create_superuser("ana"), [permission])
    link = web.link()
    result = f"/api/v1/commands/{send(Record()).id}/result?wait=30"
    link.request("GET", result, headers={"Authorization": f"Bearer {secret}"})
    eventually(lambda: Use.objects.exists(), "its admission")
    web.child.send_signal(signal.SIGTERM)
    assert web.child.wait(15), "it waits with them"
    link.close()
