"""A PostgreSQL server of our own, reached through a unix socket only."""

import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from opsconsole.embedded.accounts import reachable_by_others, server_account
from opsconsole.embedded.binaries import PostgresPrograms, find_postgres, postgres_for_others
from opsconsole.embedded.children import Child
from opsconsole.embedded.processes import children_of
from opsconsole.embedded.servers.cluster import DATABASE, QUIET, USER, prepare_cluster
from opsconsole.embedded.servers.sockets import sockets_directory
from opsconsole.embedded.trouble import Trouble, if_disk_full

StopMode = Literal["smart", "fast", "immediate"]
STOP_SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "shared_buffers": "256MB",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
ROOMY_SHARED_MEMORY = 256 * 2**20  # bytes; containers often give 64 MB, too little for a parallel hash join
STILL_DYING = "pre-existing shared memory block"


class Postgres(Child):
    """A server whose data lies in `directory/postgres`; it may be started again after any end.

    Not durable means that a power cut may lose the data, which tests do not mind. `settings` add to and
    override the server's configuration. When root starts it, `nobody` runs it and must be able to reach
    the directory. Start it in the main thread: on Linux it ends with the thread that started it.
    """

    stop_signal = signal.SIGINT
    grace = 60.0

    def __init__(
        self,
        directory: Path,
        *,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
        programs: PostgresPrograms | None = None,
    ) -> None:
        super().__init__("PostgreSQL", [], log=directory / "logs" / "postgres.log", environment=QUIET)
        self.home = directory
        self.data = directory / "postgres"
        self.durable = durable
        self.settings = {
            **SETTINGS,
            **_shared_memory(),
            **({} if durable else NOT_DURABLE),
            **(settings or {}),
        }
        self.account = server_account()
        self.programs = programs or find_postgres()
        self.sockets: Path | None = None

    @property
    def url(self) -> str:
        """For DATABASE_URL: any libpq client takes it."""
        return f"postgresql:///{DATABASE}?host={quote(str(self._socket_directory()))}&user={USER}"

    def launch(self) -> None:
        """Make what is missing and start the server. Raises Trouble."""
        if self.account and not reachable_by_others(self.home):
            raise Trouble(
                f"Root cannot run PostgreSQL, and the account nobody cannot reach {self.home}.\n"
                "Choose a directory that all may pass through, such as --state /var/lib/opsconsole."
            )
        if self.account:
            self.programs = postgres_for_others(self.programs, self.home)
        prepare_cluster(self.data, self.programs, self.account, durable=self.durable)
        settings = {**self.settings, "unix_socket_directories": str(self._socket_directory())}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        self.command = [str(self.programs.bin / "postgres"), "-D", str(self.data), *options]
        super().launch()

    def ready(self) -> bool:
        """Whether it takes connections; launches again while a killed one's sessions still end."""
        if not self.alive:
            if STILL_DYING in self.words():
                super().launch()
                return False
            raise if_disk_full(self.words(), self.home) or Trouble(f"PostgreSQL {self.ending()}.\n{self.last_words()}")
        return self._status() == "ready"

    def stop(self, mode: StopMode = "fast") -> None:
        """Stop the server: `smart` waits for sessions, `fast` ends them, `immediate` leaves a recovery."""
        self.send_signal(STOP_SIGNALS[mode])
        if not self.wait(self.grace):
            self.kill()

    def kill(self) -> None:
        """End it as a power cut would: the server and its sessions, which would work on without it."""
        sessions = children_of(self.pid) if self.alive and self.pid else []
        super().kill()
        for session in sessions:
            with suppress(ProcessLookupError):
                os.kill(session, signal.SIGKILL)

    def _status(self) -> str:
        """What the server itself says in its pid file, as pg_ctl reads it."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return ""
        ours = lines and lines[0] == str(self.pid)
        return lines[7].strip() if ours and len(lines) > 7 else ""

    def _socket_directory(self) -> Path:
        if self.sockets is None:
            self.sockets = sockets_directory(self.data, self.account)
        return self.sockets


def _shared_memory() -> dict[str, str]:
    shared = Path("/dev/shm")
    roomy = not shared.is_dir() or shutil.disk_usage(shared).free > ROOMY_SHARED_MEMORY
    return {} if roomy else {"dynamic_shared_memory_type": "mmap"}
