"""The state directory: the data, the logs, the secrets and what runs on them."""

import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from opsconsole.embedded.accounts import reachable_by_others, server_account
from opsconsole.embedded.children import Child
from opsconsole.embedded.leftovers import Leftover
from opsconsole.embedded.locks import FileLock
from opsconsole.embedded.trouble import Trouble

CHECKOUT = Path(__file__).resolve().parents[2]
MANAGE = CHECKOUT / "manage.py"
OURS = (
    "postgres",
    "postgres-socket",
    "valkey-socket",
    "logs",
    "admin-password",
    "secret-key",
    "smtp-port",
    "env.json",
    "prepared",
)


@dataclass(frozen=True, slots=True)
class Published:
    """What a running `up` tells others."""

    environment: dict[str, str] = field(default_factory=dict)
    processes: list[Leftover] = field(default_factory=list)


class State:
    """A directory that one `up` at a time works in."""

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = (directory or _default_directory()).absolute()
        self.logs = self.directory / "logs"
        self._lock = FileLock(self.directory / "lock")
        self._published = self.directory / "env.json"

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Make the directory and keep others out of it. Raises Trouble when another `up` works there."""
        if not self.directory.exists():
            self.directory.mkdir(parents=True)
            self.directory.chmod(0o711 if server_account() else 0o700)
        if not self._lock.acquire():
            raise Trouble(
                f"Another `manage.py up` is working in {self.directory}.\n"
                "Stop it first, or give this one its own --state DIR (and --port)."
            )
        try:
            yield
        finally:
            self._published.unlink(missing_ok=True)
            self._lock.release()

    def reset(self) -> None:
        """Forget everything that was kept here; what is not ours stays."""
        for path in [self.directory / name for name in OURS] + list(self.directory.glob("postgres*.unfinished")):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def set_logs_aside(self) -> None:
        """Keep the logs of the run before this one, and only those."""
        before = self.logs.with_name("logs-before")
        shutil.rmtree(before, ignore_errors=True)
        if self.logs.exists():
            self.logs.rename(before)
        self.logs.mkdir(mode=0o700)

    def keep(self, name: str, make: Callable[[], str], *, still_good: Callable[[str], bool] | None = None) -> str:
        """What is kept under this name, made when it is not there or no longer good; only we can read it."""
        path = self.directory / name
        if not path.exists() or (still_good and not still_good(path.read_text())):
            write_private(path, make())
        return path.read_text()

    def publish(self, environment: Mapping[str, str], children: Iterable[Child]) -> None:
        """Tell other commands how to reach what runs, and the next `up` what to look for after a crash."""
        processes = [Leftover.of(child) for child in children]
        write_private(self._published, json.dumps(asdict(Published(dict(environment), processes)), indent=1))

    def running_environment(self) -> dict[str, str]:
        """The variables to reach what runs here; empty when nothing does."""
        return self._read().environment if self._lock.held_by_somebody else {}

    def leftovers(self) -> list[Leftover]:
        """What an `up` that was killed may have left running, in the order to end it."""
        return self._read().processes[::-1]

    def _read(self) -> Published:
        try:
            published = json.loads(self._published.read_text())
        except FileNotFoundError:
            return Published()
        processes = [Leftover(**process) for process in published["processes"]]
        return Published(published["environment"], processes)


def write_private(path: Path, text: str) -> None:
    """Write a file that only we can read, whole or not at all."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    unfinished.replace(path)


def _default_directory() -> Path:
    """`.state` in the checkout; as root elsewhere when PostgreSQL's account cannot reach that."""
    if chosen := os.environ.get("OPSCONSOLE_STATE"):
        return Path(chosen)
    if server_account() and not reachable_by_others(CHECKOUT):
        return Path("/var/lib/opsconsole")
    return CHECKOUT / ".state"
