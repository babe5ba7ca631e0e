"""The quick walk of the guide, word for word, against a site of real processes: the reminder that points to its own
address completes."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from opsconsole.embedded.children import Child
from opsconsole.embedded.ports import free_port
from opsconsole.embedded.state import CHECKOUT, MANAGE
from opsconsole.embedded.waiting import wait_until
from tests.docs.pages import Page

PORT = "8000"  # in the guide


@pytest.fixture
def port(database: None, tmp_path: Path) -> Iterator[int]:
    """Web server, dispatcher and worker, on the test's database, as `manage.py up` runs them."""
    from django.db import connection

    own, settings = free_port(), connection.settings_dict
    url = f"host={settings['HOST']} port={settings['PORT']} user={settings['USER']} dbname={settings['NAME']}"
    environment = {
        **os.environ,
        "DATABASE_URL": url.replace("port= ", ""),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "OPSCONSOLE_DEMO": "1",
        "OPSCONSOLE_SECRET_KEY": "walk",
        "OPSCONSOLE_TEST_ENGINE": json.dumps({"wake_up": "after_commit"}),
    }
    web = ["-m", "uvicorn", "opsconsole.config.asgi:application", "--host", "127.0.0.1", "--port", str(own)]
    programs = {"web": web, "dispatcher": [str(MANAGE), "dispatcher"], "worker": [str(MANAGE), "worker", "-c", "1"]}
    children = []
    try:
        for name, words in programs.items():
            child = Child(name, [sys.executable, *words], log=tmp_path / f"{name}.log", environment=environment)
            child.directory = CHECKOUT
            child.launch()
            children.append(child)
        assert wait_until(lambda: _answers(own), 60), (tmp_path / "web.log").read_text()[-2000:]
        yield own
    finally:
        for child in children:
            child.kill()


def _answers(port: int) -> bool:
    try:
        return urlopen(f"http://127.0.0.1:{port}/health", timeout=5).status == 200
    except (URLError, ConnectionError):
        return False


def _run(command: str, port: int, **variables: str) -> dict[str, object]:
    told = command.replace(f":{PORT}/", f":{port}/")
    done = subprocess.run(
        ["bash", "-c", told], capture_output=True, text=True, check=True, env={**os.environ, **variables}
    )
    return json.loads(done.stdout)


def test_the_reminder_that_points_to_its_own_address_completes(port: int):
    page = Page("docs/how-to/be-reminded.md")
    define, show, events = [block.text for block in page.blocks("bash") if "curl" in block.text]
    made = _run(define, port)
    assert made["status"] == "Active" and 0 < float(str(made["timeLeft"])) <= 2
    identifier = str(made["id"])
    assert re.fullmatch(r"[0-9a-f-]{36}", identifier)
    assert wait_until(lambda: _run(show, port, ID=identifier)["status"] == "Completed", 30)
    told = _run(events, port, ID=identifier)["items"]
    assert [one["type"] for one in told] == [  # type: ignore[attr-defined]
        "reminders.defined",
        "reminders.elapsed",
        "reminders.completed",
    ]
