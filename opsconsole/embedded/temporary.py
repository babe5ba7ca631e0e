"""Servers for one test run or one benchmark: made in a temporary directory and gone afterwards."""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from opsconsole.embedded.accounts import reachable_by_others, server_account
from opsconsole.embedded.locks import FileLock
from opsconsole.embedded.servers import Postgres, Valkey

PREFIX = "opsconsole-throwaway-"
IN_MEMORY = Path("/dev/shm")
ROOMY = 300 * 2**20  # bytes


@dataclass(frozen=True, slots=True)
class Servers:
    """A PostgreSQL and a Valkey that run."""

    postgres: Postgres
    valkey: Valkey

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make the project use these servers."""
        return {"DATABASE_URL": self.postgres.url, "REDIS_URL": self.valkey.url}


@contextmanager
def throwaway(*, durable: bool, settings: Mapping[str, str] | None = None) -> Iterator[Servers]:
    """Run a fresh PostgreSQL and Valkey while the block runs; call it from the main thread.

    Durable ones write to a real disk with fsync on, so that a crash or a measurement means something;
    the others are fast and lie in memory when there is room. `settings` are PostgreSQL's.
    """
    with throwaway_directory(in_memory=not durable) as directory:
        servers = Servers(Postgres(directory, durable=durable, settings=settings), Valkey(directory))
        running = (servers.valkey, servers.postgres)
        try:
            for server in running:
                server.launch()
            for server in running:
                server.wait_until_ready()
            yield servers
        finally:
            for server in running:
                server.stop()


@contextmanager
def throwaway_directory(*, in_memory: bool = False) -> Iterator[Path]:
    """A directory that the servers' account can reach, removed afterwards.

    What a killed process left behind is removed by the next one.
    """
    place = IN_MEMORY if in_memory and _roomy(IN_MEMORY) else _temporary_place()
    _remove_abandoned(place)
    directory = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    directory.chmod(0o711 if server_account() else 0o700)
    lock = FileLock(directory / "lock.unfinished")
    lock.acquire()
    lock.path.rename(directory / "lock")  # held from the moment that others look for it
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
        lock.release()


def _roomy(place: Path) -> bool:
    return os.access(place, os.W_OK | os.X_OK) and shutil.disk_usage(place).free > ROOMY


def _temporary_place() -> Path:
    """The temporary directory; as root, one that `nobody` can reach."""
    chosen = Path(tempfile.gettempdir())
    if server_account() and not reachable_by_others(chosen):
        return Path("/var/tmp")
    return chosen


def _remove_abandoned(place: Path) -> None:
    for directory in place.glob(f"{PREFIX}*"):
        lock = FileLock(directory / "lock")
        if _ours(directory) and lock.path.exists() and lock.acquire():
            shutil.rmtree(directory, ignore_errors=True)
            lock.release()


def _ours(directory: Path) -> bool:
    try:
        return directory.lstat().st_uid == os.geteuid()
    except FileNotFoundError:  # another process has just removed it
        return False
