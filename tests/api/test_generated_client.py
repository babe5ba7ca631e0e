"""A client generated from the document drives a job from its sending to its end."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from opsconsole.api import tokens
from opsconsole.engine.testing import run_until_idle
from tests.api.callers import Program

PACKAGE = "opsconsole_client"


@pytest.fixture
def client_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The generated package, imported under its name."""
    document = tmp_path / "openapi.json"
    document.write_bytes(Program().get("/api/openapi.json").content)
    (tmp_path / "config.yaml").write_text("post_hooks: []")  # nobody reads it
    done = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(document), "--meta", "none",
         "--output-path", str(tmp_path / PACKAGE), "--fail-on-warning",
         "--config", str(tmp_path / "config.yaml")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    monkeypatch.syspath_prepend(tmp_path)
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
