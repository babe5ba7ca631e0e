"""A whole site of real processes on durable servers of its own, to be killed, frozen and cut off."""

import json
import os
import random
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import connection, connections
from psycopg.conninfo import conninfo_to_dict

from opsconsole.embedded.children import Child
from opsconsole.embedded.processes import children_of
from opsconsole.embedded.state import CHECKOUT, MANAGE
from opsconsole.embedded.temporary import Servers
from opsconsole.embedded.waiting import wait_until

PATIENCE = 60.0  # seconds, for things that a healthy site does within a few


class Process(Child):
    """One of the site's processes: `manage.py` with these words."""

    def __init__(self, name: str, *words: str, log: Path, environment: Mapping[str, str]) -> None:
        command = [sys.executable, str(MANAGE), *words]
        super().__init__(name, command, log=log, environment={**os.environ, **environment})
        self.directory = CHECKOUT

    @property
    def runner(self) -> str:
        """How a dispatcher calls itself in the engine's tables: as here, and something random."""
        return str(ask("SELECT name FROM ops_engine_runner WHERE kind = 'dispatcher' AND pid = %s", self.pid))

    def pool(self) -> list[int]:
        """The processes that execute what this worker is told to."""
        return children_of(self.pid) if self.alive and self.pid else []

    def kill_main(self) -> None:
        """End only the process itself: what it started notices or does not."""
        self.send_signal(signal.SIGKILL)
        self.wait(self.grace)


class Site:
    """Servers, and the dispatchers and workers that a test starts on them."""

    def __init__(self, servers: Servers, directory: Path, engine: Mapping[str, Any]) -> None:
        self.servers = servers
        self.directory = directory
        self.processes: list[Process] = []
        self.environment = {
            **servers.environment,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "OPSCONSOLE_SECRET_KEY": "chaos",
            "OPSCONSOLE_TEST_ENGINE": json.dumps({"wake_up": "after_commit", "chunk_seconds": 0.5, **engine}),
        }

    def start(self, *words: str) -> Process:
        name = f"{words[0]}-{len(self.processes)}"
        log = self.directory / "logs" / f"{name}.log"
        process = Process(name, *words, log=log, environment=self.environment)
        process.launch()
        self.processes.append(process)
        return process

    def dispatcher(self) -> Process:
        return self.start("dispatcher")

    def worker(self, processes: int = 2, queues: str = "") -> Process:
        return self.start("worker", "-c", str(processes), *(["-q", queues] if queues else []))

    def start_again(self, process: Process) -> None:
        """After it was killed: what is left of it goes, and it is launched anew."""
        process.kill()
        process.launch()

    def restart_postgres(self) -> None:
        """As after a power cut: no session ends tidily, the log is replayed."""
        connection.close()
        self.servers.postgres.stop("immediate")
        self.servers.postgres.start()

    def stop(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGCONT)
            process.kill()

    def said(self, words: str) -> int:
        """How often these words stand in the logs."""
        return sum(log.read_text(errors="replace").count(words) for log in (self.directory / "logs").glob("*-*.log"))


def ask(sql: str, *parameters: Any) -> Any:
    """The single value that a query answers with."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row = cursor.fetchone()
    return row[0] if row else None


def eventually(condition: Any, what: str, seconds: float = PATIENCE) -> None:
    assert wait_until(lambda: bool(condition()), seconds), f"within {seconds:.0f} s, {what} did not happen"


@contextmanager
def connected_to(servers: Servers) -> Iterator[None]:
    """Let this process's Django, and every thread of it, use the site's database."""
    parts = conninfo_to_dict(servers.postgres.url)
    settings = connections.databases["default"]
    before = {name: settings[name] for name in ("NAME", "USER", "HOST", "PORT")}
    connection.close()
    settings.update(NAME=parts["dbname"], USER=parts["user"], HOST=parts["host"], PORT="")
    try:
        yield
    finally:
        connection.close()
        settings.update(before)


def someone(pids: list[int]) -> int | None:
    return random.choice(pids) if pids else None
