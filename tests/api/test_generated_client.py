"""A client generated from the document drives a job and a reminder, each from its beginning to its end."""

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.contrib.auth.models import User

from opsconsole.api import tokens
from opsconsole.engine.testing import run_until_idle
from tests.api.callers import Program
from tests.reminders.receiver import Receiver

PACKAGE = "opsconsole_client"


@pytest.fixture(scope="module")
def client_package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The generated package, imported under its name."""
    directory = tmp_path_factory.mktemp("generated")
    document = directory / "openapi.json"
    document.write_bytes(Program().get("/api/openapi.json").content)
    (directory / "config.yaml").write_text("post_hooks: []")  # nobody reads it
    done = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(document), "--meta", "none",
         "--output-path", str(directory / PACKAGE), "--fail-on-warning",
         "--config", str(directory / "config.yaml")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(directory)
        yield import_module(PACKAGE)
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.mark.django_db(transaction=True)
def test_it_sends_a_job_and_sees_its_end(client_package: Any, live_server: Any):
    scopes = ["ops_api.send_job", "ops_api.view_job", "ops_engine.view_command"]
    _, secret = tokens.make("generated", User.objects.create_superuser("eve"), scopes)
    client = client_package.AuthenticatedClient(base_url=live_server.url, token=secret)
    jobs = import_module(f"{PACKAGE}.api.jobs")
    create, show = (import_module(f"{jobs.__name__}.{name}") for name in ("jobs_create", "jobs_show"))
    models = import_module(f"{PACKAGE}.models")
    with client:
        job = models.NewJob.from_dict({"type": "SendEmail", "payload": {"To": "a@example.com"}, "idempotencyKey": "k"})
        accepted = create.sync(client=client, body=job, idempotency_key="first")
        assert str(accepted.state) == "Pending"
        run_until_idle()
        assert str(show.sync(str(accepted.id), client=client).state) == "Completed"
        waited = import_module(f"{PACKAGE}.api.commands.commands_result")
        assert waited.sync(accepted.id, client=client, wait=5).done is True
        refused = create.sync(client=client, body=models.NewJob.from_dict({"type": "None", "payload": {}}))
        assert (refused.status, refused.errors[0].field) == (422, "body.type")


@pytest.mark.django_db(transaction=True)
def test_it_defines_a_reminder_moves_it_and_sees_it_called(client_package: Any, live_server: Any, settings: Any):
    settings.OPSCONSOLE_REMINDERS = {"allow_loopback": True}
    scopes = [f"ops_reminders.{act}_reminder" for act in ("view", "define", "reschedule", "fire")]
    _, secret = tokens.make("generated", User.objects.create_superuser("eve"), scopes)
    client = client_package.AuthenticatedClient(base_url=live_server.url, token=secret)
    define, show, events, snooze, fire = (
        import_module(f"{PACKAGE}.api.reminders.reminders_{name}")
        for name in ("define", "show", "events", "snooze", "fire")
    )
    models = import_module(f"{PACKAGE}.models")
    with client, Receiver() as receiver:
        made = define.sync(client=client, body=models.NewReminder.from_dict({"hours": 1, "address": receiver.url}))
        assert (str(made.status), receiver.calls) == ("Active", [])
        later = snooze.sync(made.id, client=client, body=models.Delay.from_dict({"hours": 2, "reason": "not yet"}))
        assert later.scheduled_at > made.scheduled_at
        assert str(fire.sync(made.id, client=client).status) == "Active"
        run_until_idle()
        assert [call.path for call in receiver.calls] == [f"/inbox/{made.id}"]
        assert str(show.sync(made.id, client=client).status) == "Completed"
        kept = [one.type_ for one in events.sync(made.id, client=client).items]
        assert kept == [
            f"reminders.{what}" for what in ("defined", "rescheduled", "rescheduled", "elapsed", "completed")
        ]
        refused = fire.sync(made.id, client=client)
        assert (refused.status, refused.type_) == (409, "urn:opsconsole:problem:not-active")
