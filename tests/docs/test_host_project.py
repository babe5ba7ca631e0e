"""A project of one's own, made exactly as the documentation says, with its own processes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from opsconsole.embedded.waiting import wait_until
from tests.docs.pages import ROOT, Page, readme_command

GUIDE = Page("docs/how-to/add-to-your-project.md")
README = Page("README.md")
SITE = "mysite/"
DATABASE = "docs_host_project"
OPEN_PAGES = """
from django.contrib.auth.models import User
from django.test import Client
client = Client(headers={"host": "localhost"})
client.force_login(User.objects.create_superuser("ana"))
for page in ("", "engine/events/", "engine/commands/", "engine/batches/", "engine/workflows/"):
    print(client.get(f"/admin/{page}").status_code)
"""


class HostProject:
    """A directory with a project, and a database for it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "mysite.settings",
        }

    def write(self) -> None:
        """`startproject`, the files of the guide, and the handler of the README."""
        subprocess.run(
            [sys.executable, "-m", "django", "startproject", "mysite", str(self.directory)],
            check=True, env={**self.environment, "DJANGO_SETTINGS_MODULE": ""},
        )  # fmt: skip
        for block in [*GUIDE.blocks("python"), *README.blocks("python")]:
            file = self.directory / block.file
            file.parent.mkdir(exist_ok=True)
            before = file.read_text() if block.file == "mysite/settings.py" else ""
            file.write_text(f"{before}\n{block.text}")
        with (self.directory / "mysite/settings.py").open("a") as settings:
            settings.write(f"\nINSTALLED_APPS += ['greetings']\nDATABASES = {{'default': {self._database()!r}}}\n")
            settings.write(f"CELERY_BROKER_URL = {os.environ['REDIS_URL']!r}\nSTATIC_ROOT = BASE_DIR / 'static'\n")

    def _database(self) -> dict[str, object]:
        own = connection.settings_dict
        kept = {name: own[name] for name in ("ENGINE", "USER", "PASSWORD", "HOST", "PORT")}
        return {**kept, "NAME": DATABASE, "OPTIONS": {}}

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=self.directory, env=self.environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def commands(self) -> list[tuple[str, str]]:
        parameters = {**connection.get_connection_params(), "dbname": DATABASE}
        for foreign in ("cursor_factory", "context", "prepare_threshold"):
            parameters.pop(foreign, None)
        with psycopg.connect(**parameters) as own:
            return own.execute("SELECT type, status FROM ops_engine_command").fetchall()

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen([sys.executable, "manage.py", *arguments], cwd=self.directory, env=self.environment)


@pytest.fixture
def project(database: None, tmp_path: Path) -> Iterator[HostProject]:
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    project = HostProject(tmp_path)
    project.write()
    yield project
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


def test_a_project_made_by_the_guide_runs_the_readmes_handler_and_shows_it(project: HostProject):
    for block in GUIDE.blocks("bash"):
        for line in block.text.splitlines():
            if line.startswith("python manage.py"):
                project.manage(*line.split()[2:])
    dispatcher, worker = project.start("dispatcher"), project.start("worker", "-c", "1")
    try:
        opened = project.manage("shell", "-v", "0", "-c", readme_command() + OPEN_PAGES)
        assert opened.split() == ["200"] * 5, opened
        assert wait_until(lambda: project.commands() == [("greetings.greet", "success")], 60)
    finally:
        for process in (worker, dispatcher):
            process.terminate()
            assert process.wait(30) == 0
