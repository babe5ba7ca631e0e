"""The real site, started and stopped as a person does it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager

import psycopg
import pytest

from opsconsole.embedded.ports import free_port
from opsconsole.embedded.servers import Postgres
from opsconsole.embedded.waiting import wait_until
from tests.embedded.stand_ins import CHECKOUT, exists

SECONDS = 120
OF_THE_SUITE = {"DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"}
UP = """
import sys
from opsconsole.embedded.bootstrap import plain_words
from opsconsole.embedded.up import up
with plain_words():
    sys.exit(up(sys.argv[1:]))
"""


@contextmanager
def running(state, *options, port=None, **environment):
    """`up` in this environment, without looking after its virtual environment."""
    port = port or free_port()
    command = [sys.executable, "-c", UP, "--port", str(port), "--state", str(state), "--no-demo", *options]
    ours = {name: value for name, value in os.environ.items() if name not in OF_THE_SUITE}
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=CHECKOUT,
        env={**ours, **environment},
    )
    with process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)


def welcome(process):
    """What it says until it is ready."""
    said = ""
    for line in process.stdout:
        said += line
        if "Ctrl-C stops everything" in line:
            return said
    return pytest.fail(said)


def url(said):
    return re.search(r"Open +(\S+)", said)[1]


def password(said):
    return re.search(r"Password +(\S+)", said)[1]


def processes(state):
    return [process["pid"] for process in json.loads((state / "env.json").read_text())["processes"]]


def one(state, query):
    server = Postgres(state)
    with psycopg.connect(server.url) as connection:
        return connection.execute(query).fetchone()[0]


@pytest.fixture
def state(directory):
    return directory / "state"


def test_the_site_answers_keeps_its_data_and_leaves_nothing_running(state):
    with running(state) as process:
        first = welcome(process)
        with urllib.request.urlopen(url(first)) as page:
            assert page.status == 200
        installed = one(state, "SELECT min(applied) FROM django_migrations")
        everyone = processes(state)
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
    assert not any(map(exists, everyone))
    assert not (state / "env.json").exists()

    with running(state) as process:
        second = welcome(process)
        assert password(second) == password(first)
        assert one(state, "SELECT min(applied) FROM django_migrations") == installed
        everyone = processes(state)
        process.kill()
        assert wait_until(lambda: not any(map(exists, everyone)), SECONDS)


def test_named_servers_are_used_and_the_given_password_is_set(state, directory):
    server = Postgres(directory, durable=False)
    server.start()
    try:
        with running(state, DATABASE_URL=server.url, OPSCONSOLE_ADMIN_PASSWORD="open sesame") as process:
            assert "PostgreSQL" not in welcome(process)
            assert not (state / "postgres").exists()
            assert not (state / "admin-password").exists()
            with psycopg.connect(server.url) as connection:
                users = connection.execute("SELECT username, is_superuser FROM auth_user").fetchall()
            assert users == [("admin", True)]
    finally:
        server.stop()


def test_a_taken_port_is_said_before_anything_starts(state):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with running(state, port=port) as process:
            said = process.communicate(timeout=SECONDS)[0]
    assert process.returncode == 1
    assert f"Port {port} is taken by another program" in said
    assert not (state / "postgres").exists()


def test_a_preparation_that_fails_stops_everything_and_says_why(state):
    nowhere = "postgresql:///nothing?host=/nowhere&connect_timeout=1"
    with running(state, DATABASE_URL=nowhere) as process:
        said = process.communicate(timeout=SECONDS)[0]
    assert process.returncode == 1
    assert "preparation ended with exit code 1" in said
    assert "/nowhere" in said
