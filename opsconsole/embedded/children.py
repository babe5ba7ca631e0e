"""A program running in the foreground as our child, with its log."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypedDict

from opsconsole.embedded.accounts import Account
from opsconsole.embedded.leash import leash
from opsconsole.embedded.trouble import Trouble
from opsconsole.embedded.waiting import wait_until

LAST_WORDS = 12  # lines
LOG_TAIL = 64 * 1024  # bytes


class Child:
    """A process in a session of its own: a Ctrl-C in the terminal reaches the supervisor only."""

    stop_signal = signal.SIGTERM
    grace = 10.0
    account: Account | None = None

    def __init__(
        self, name: str, command: Sequence[str], *, log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.command = list(command)
        self.log = log
        self.environment = environment
        self.directory = Path("/")
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0
        self._group: int | None = None  # its process group, until that is swept

    def launch(self) -> None:
        """Start the program without waiting for it to be of use."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.directory,
                env=self.environment,
                start_new_session=True,
                preexec_fn=leash(self.stop_signal),
                **as_account(self.account),
            )
        self._group = self._process.pid

    def ready(self) -> bool:
        """Whether it can be used. Raises Trouble when it ended instead."""
        if not self.alive:
            raise Trouble(f"{self.name} {self.ending()}.\n{self.last_words()}")
        return True

    def start(self, seconds: float = 60) -> None:
        """Launch and wait until ready. Raises Trouble when it is not after so many seconds."""
        self.launch()
        self.wait_until_ready(seconds)

    def wait_until_ready(self, seconds: float = 60) -> None:
        """Raises Trouble when it is not ready after so many seconds."""
        if not wait_until(self.ready, seconds):
            raise Trouble(f"{self.name} was not ready after {seconds:.0f} s.\n{self.last_words()}")

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        return self._process.poll() if self._process else None

    @property
    def mark(self) -> str:
        """What its command line holds, to recognise it by when only its number is known."""
        return " ".join(self.command[1:])

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self._process is not None:
            self._process.send_signal(number)

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended; False when it has not."""
        return wait_until(lambda: not self.alive, seconds)

    def ask(self) -> None:
        """Ask it to end."""
        self.send_signal(self.stop_signal)

    def stop(self) -> None:
        """Ask it to end, insist after its grace, and leave nothing that it started."""
        self.ask()
        self.wait(self.grace)
        self.kill()

    def kill(self) -> None:
        """End it the hard way, with everything in its process group."""
        self.send_signal(signal.SIGKILL)
        self.wait(self.grace)
        self._sweep()

    def _sweep(self) -> None:
        """Once only: later, the number may belong to somebody else."""
        if self._group is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._group, signal.SIGKILL)
            self._group = None

    def ending(self) -> str:
        """How it ended, as the rest of a sentence."""
        code = self.exit_code
        if code is None:
            return "is running"
        if code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def words(self) -> str:
        """The end of what it has written to its log since it was launched."""
        with self.log.open("rb") as log:
            log.seek(max(self._log_start, self.log.stat().st_size - LOG_TAIL))
            return log.read().decode(errors="replace")

    def last_words(self) -> str:
        return "\n".join(f"    {line}" for line in self.words().rstrip().splitlines()[-LAST_WORDS:])


class RunAs(TypedDict, total=False):
    """The options of a subprocess that runs as another account."""

    user: int
    group: int
    extra_groups: list[int]


def as_account(account: Account | None) -> RunAs:
    """The options of a subprocess that runs as this account."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}
