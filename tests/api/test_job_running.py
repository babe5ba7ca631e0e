"""Jobs at work: the walk of the guide, mail that goes out, failures and what follows."""

import json
import subprocess
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection

from opsconsole.api import health
from opsconsole.engine import Cancel
from opsconsole.engine.models import Attempt, Command
from opsconsole.engine.registry import HANDLERS
from opsconsole.engine.testing import frozen_at, run_until_idle
from opsconsole.kernel import clock
from tests.api.callers import Program
from tests.api.test_jobs import QUICK
from tests.concurrency.races import at_once
from tests.docs.pages import Page

GUIDE = Page("docs/how-to/use-the-api.md")


@pytest.fixture(autouse=True)
def _open(settings: Any) -> None:
    settings.OPSCONSOLE_API = {"open_on_loopback": True}


def state_of(identifier: object) -> str:
    return Program().get(f"/jobs/{identifier}").json()["state"]


@pytest.mark.django_db(transaction=True)
def test_the_walk_of_the_guide(live_server: Any):
    lines = "\n".join(block.text for block in GUIDE.blocks("bash")).replace("http://127.0.0.1:8000", live_server.url)
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", lines], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert '"status": "Healthy"' in done.stdout
    assert "202 Accepted" in done.stdout
    assert '"state": "Pending"' in done.stdout
    first, second = Command.objects.order_by("id")
    assert (first.payload["to"], second.max_attempts) == ("user@example.com", 6)
    run_until_idle()
    assert {state_of(first.pk), state_of(second.pk)} == {"Completed"}


@pytest.mark.usefixtures("fresh_engine")
class TestMail:
    def test_it_is_sent_as_one_message(self):
        identifier = Program().post("/jobs", {**QUICK, "payload": {"To": "a@example.com", "Body": "Olá"}}).json()["id"]
        run_until_idle()
        (message,) = mail.outbox
        assert (message.to, message.body) == (["a@example.com"], "Olá")
        assert message.extra_headers["Message-ID"].startswith(f"<{identifier}@")
        assert state_of(identifier) == "Completed"

    def test_four_tries_at_two_four_and_eight_seconds_then_a_dead_letter(self, monkeypatch: pytest.MonkeyPatch):
        def refuse(*args: Any, **kwargs: Any) -> None:
            raise OSError("mail server is away")

        monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
        with frozen_at(clock.now()) as time:
            identifier = Program().post("/jobs", QUICK).json()["id"]
            states = [state_of(identifier)]
            run_until_idle()
            for seconds in (2, 4, 8):
                time.advance(timedelta(seconds=seconds - 0.1))
                run_until_idle()
                states.append(state_of(identifier))
                time.advance(timedelta(seconds=0.1))
                run_until_idle()
                states.append(state_of(identifier))
        assert states == ["Pending", *["Failed"] * 5, "DeadLettered"]
        waits = [one.retry_at - one.ended_at for one in Attempt.objects.order_by("number") if one.retry_at]
        assert waits == [timedelta(seconds=seconds) for seconds in (2, 4, 8)]
        job = Program().get(f"/jobs/{identifier}").json()
        assert (job["retryCount"], job["maxRetries"], job["lastError"]) == (3, 3, "OSError: mail server is away")

    @pytest.mark.parametrize("is_by_its_handler", [False, True])
    def test_retries_are_counted_as_far_as_it_came_when_it_is_cancelled(
        self, is_by_its_handler: bool, monkeypatch: pytest.MonkeyPatch
    ):
        def refuse(*args: Any, **kwargs: Any) -> None:
            raise OSError("mail server is away")

        monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
        identifier = Program().post("/jobs", QUICK).json()["id"]
        with frozen_at(clock.now()) as time:
            run_until_idle()
            before = Program().get(f"/jobs/{identifier}").json()
            if is_by_its_handler:
                given_up = replace(HANDLERS.get("jobs.send_email"), function=lambda command, work: Cancel("enough"))
                monkeypatch.setitem(HANDLERS._items, "jobs.send_email", given_up)
                time.advance(timedelta(seconds=2))
                run_until_idle()
            else:
                assert Program().post(f"/jobs/{identifier}/cancel").status_code == 200
        after = Program().get(f"/jobs/{identifier}").json()
        assert (before["state"], before["retryCount"]) == ("Failed", 1)
        assert (after["state"], after["retryCount"]) == ("Cancelled", 1)

    def test_a_job_may_ask_for_fewer_tries(self, monkeypatch: pytest.MonkeyPatch):
        def refuse(*args: Any, **kwargs: Any) -> None:
            raise OSError("mail server is away")

        monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
        identifier = Program().post("/jobs", {**QUICK, "maxRetries": 0}).json()["id"]
        run_until_idle()
        assert state_of(identifier) == "DeadLettered"
        monkeypatch.undo()
        again = Program().post(f"/jobs/{identifier}/retry").json()["id"]
        run_until_idle()
        assert state_of(again) == "Completed"
        assert Program().get(f"/jobs/{identifier}").json()["retriedBy"] == again
        assert mail.outbox[-1].extra_headers["Message-ID"].startswith(f"<{identifier}@")


def test_no_connection_to_the_database_is_held_while_the_broker_is_asked(
    database: None, monkeypatch: pytest.MonkeyPatch
):
    held = []

    def note() -> health.Check:
        held.append(connection.connection)
        return health.Check(name="broker", ok=True)

    monkeypatch.setattr(health, "broker", note)
    health.look()
    assert held == [None]


@pytest.mark.django_db
class TestHealth:
    def test_it_says_what_it_is(self, settings: Any):
        settings.OPSCONSOLE_API = {"system": "TaskFlow"}
        answer = Program().get("/health")
        assert answer.status_code == 200
        assert answer.json() == {"status": "Healthy", "system": "TaskFlow", "timestamp": answer.json()["timestamp"]}

    def test_without_workers_it_is_alive_and_not_ready(self):
        assert Program().get("/health/live").status_code == 200
        answer = Program().get("/health/ready")
        assert answer.status_code == 503
        well = {check["name"]: check["ok"] for check in answer.json()["checks"]}
        assert well == {"database": True, "migrations": True, "broker": True, "dispatcher": False, "workers": False}

    def test_those_who_ask_at_once_and_soon_after_have_it_looked_at_once(self, monkeypatch: pytest.MonkeyPatch):
        looks = []

        def count() -> health.Readiness:
            looks.append(1)
            return health.Readiness(status="Healthy", system="", timestamp=clock.now(), checks=[])

        monkeypatch.setattr(health, "look", count)
        at_once(*[health.looked] * 6)
        assert len(looks) == 1
        monkeypatch.setattr(health, "KEPT_SECONDS", 0.0)
        health.looked()
        assert len(looks) == 2

    def test_a_broker_that_is_away_is_named(self, monkeypatch: pytest.MonkeyPatch):
        def refuse(*args: Any, **kwargs: Any) -> None:
            raise ConnectionRefusedError

        monkeypatch.setattr(health.current_app, "connection_for_read", refuse)
        assert not health.broker().ok

    def test_a_database_that_is_away_is_ill_health(self, monkeypatch: pytest.MonkeyPatch):
        ill = health.Check(name="database", ok=False)
        monkeypatch.setattr(health, "database", lambda: ill)
        assert json.loads(Program().get("/health").content)["status"] == "Unhealthy"
        assert Program().get("/health/ready").status_code == 503
