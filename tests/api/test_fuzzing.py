"""Whatever is sent, the answer is one that the document names: schemathesis over all operations, all checks on."""

import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from opsconsole.api import tokens
from opsconsole.api.site import api
from opsconsole.engine.models import Leadership, Runner
from opsconsole.kernel import clock
from tests.api.samples import MAKERS

# What these take is said by the type that is named, so that a body may fit the document and not its type; a time may be
# none, and an address may lead nowhere.
CONFIGURATION = """
[[operations]]
include-operation-id = ["jobs_create", "commands_send", "events_emit"]
checks.positive_data_acceptance.expected-statuses = ["2xx", "409", "422"]

[[operations]]
include-operation-id = ["reminders_define", "reminders_reschedule", "reminders_snooze"]
checks.positive_data_acceptance.expected-statuses = ["2xx", "404", "409", "422"]
"""
CASES = re.compile(r"([\d,]+) (?:generated|test cases)")


def as_on_a_running_site() -> None:
    for kind in ("dispatcher", "worker"):
        Runner.objects.create(name=f"tests.{kind}", kind=kind, host="here", pid=1)
    hour = clock.now() + timedelta(hours=1)
    Leadership.objects.update_or_create(role="dispatcher", defaults={"owner": "tests.dispatcher", "until": hour})


def permissions() -> list[str]:
    return sorted(
        {name for _, _, operation in api().operations() for name in operation.view_func.__needs__.permissions}
    )


@pytest.mark.parametrize(
    ("examples", "phases", "least"),
    [
        ("2", "examples,fuzzing,stateful", 200),
        pytest.param(
            "60", "examples,coverage,fuzzing,stateful", 5_000, marks=[pytest.mark.full, pytest.mark.timeout(3600)]
        ),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_no_answer_is_an_error_of_ours_or_undocumented(
    live_server: Any, settings: Any, tmp_path: Path, examples: str, phases: str, least: int
):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "runner_seen": 3600.0}
    settings.OPSCONSOLE_API = {"longest_wait": 0.2}
    as_on_a_running_site()
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    for make in MAKERS.values():
        make()
    _, secret = tokens.make("fuzzing", User.objects.create_superuser("eve"), permissions(), per_minute=1_000_000)
    done = subprocess.run(
        [
            sys.executable, "-m", "schemathesis.cli", "run", f"{live_server.url}/api/openapi.json",
            "--header", f"Authorization: Bearer {secret}", "--checks", "all", "--max-examples", examples, "--phases", phases,
            "--continue-on-failure", "--no-color", "--request-timeout", "20",
            "--suppress-health-check", "all", "--seed", "1",
        ],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    print(*done.stdout.splitlines()[-30:], sep="\n")
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-4_000:]
    assert int(CASES.findall(done.stdout)[-1].replace(",", "")) >= least
