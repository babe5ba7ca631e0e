"""Real processes on servers of their own, to be killed, frozen and brought back."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from redis import Redis

from opsconsole.embedded.temporary import Servers

ROOT = Path(__file__).resolve().parents[2]
LEASE = 2.0  # seconds
PROGRAMS = {"dispatcher": ["dispatcher"], "stand-by": ["dispatcher"], "worker": ["worker", "-c", "2"]}


class Stage:
    """Dispatchers and workers over one PostgreSQL and one Valkey."""

    def __init__(self, servers: Servers, log: Path) -> None:
        self.servers = servers
        self.log = log.open("w")
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = {
            **os.environ,
            **servers.environment,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "OPSCONSOLE_LOG_LEVEL": "WARNING",
            "OPSCONSOLE_TEST_ENGINE": json.dumps({"lease": LEASE, "wake_up": "after_commit"}),
        }

    def django(self, *words: str) -> None:
        """Run a management command to its end."""
        subprocess.run([sys.executable, "-m", "django", *words], cwd=ROOT, env=self.environment, check=True)

    def send(self, *words: str) -> None:
        """Have another process send work: see `sending.py`."""
        subprocess.run(
            [sys.executable, "-m", "tests.chaos.sending", *words], cwd=ROOT, env=self.environment, check=True
        )

    def start(self, *names: str) -> None:
        for name in names:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", "django", *PROGRAMS[name]],
                cwd=ROOT,
                env=self.environment,
                stdout=self.log,
                stderr=self.log,
                start_new_session=True,
            )

    def restart_the_dead(self) -> None:
        self.start(*[name for name, process in self.running.items() if process.poll() is not None])

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        self.running[name].send_signal(number)
        if number in (signal.SIGKILL, signal.SIGTERM):
            self.running[name].wait()

    def workers(self) -> list[int]:
        """The pool processes that execute."""
        path = Path(f"/proc/{self.running['worker'].pid}/task/{self.running['worker'].pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def empty_the_broker(self) -> None:
        with Redis(unix_socket_path=self.servers.valkey.url.removeprefix("redis+socket://")) as client:
            client.flushall()

    def query(self, sql: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.servers.postgres.url, autocommit=True) as connection:
            cursor = connection.execute(sql, parameters)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def value(self, sql: str, parameters: list[Any] | None = None) -> Any:
        return self.query(sql, parameters)[0][0]

    def wait_until(self, condition: Callable[[], Any], seconds: float, *, what: str) -> float:
        """Wait for a condition; returns how long it took. A database that is away is no answer yet."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            try:
                if condition():
                    return time.monotonic() - began
            except psycopg.OperationalError:
                pass
            time.sleep(0.02)
        raise AssertionError(f"not within {seconds} s: {what}\n{self.account()}")

    def account(self) -> str:
        """How things stand, for a failing test's message."""
        counts = self.query(
            "SELECT type, status, count(*), max(attempts) FROM ops_engine_command GROUP BY 1, 2"
        )
        return "\n".join(str(row) for row in [*counts, *self.query("SELECT * FROM ops_engine_claim")])

    def is_done(self) -> bool:
        return not self.value(
            "SELECT count(*) FROM ops_engine_command WHERE status IN ('awaiting', 'pending', 'processing')"
        )

    def begin_anew(self) -> None:
        """Empty what a test left behind."""
        self.query(
            "TRUNCATE ops_engine_command, ops_engine_event, ops_engine_attempt, ops_engine_batch, ops_engine_claim,"
            " ops_engine_runner, ops_engine_leadership, ops_engine_uniquekey, tests_entry CASCADE"
        )
        self.empty_the_broker()

    def end(self) -> None:
        for process in self.running.values():
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.running = {}

    @contextmanager
    def playing(self, *names: str) -> Iterator["Stage"]:
        """Begin anew, run these programs, and end them."""
        self.begin_anew()
        self.start(*names)
        try:
            yield self
        finally:
            self.end()
