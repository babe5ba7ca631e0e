"""End what a killed supervisor left running, where the kernel has not done it."""

import os
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from opsconsole.embedded.waiting import wait_until

GRACE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Leftover:
    """A process that an earlier run started, and what its command line held."""

    name: str
    pid: int
    mark: str

    @property
    def runs(self) -> bool:
        """Whether it is still that process; its number may have passed to another."""
        return self.mark in command_line(self.pid)

    def end(self) -> None:
        """End it, with everything in its process group."""
        for number in (signal.SIGINT, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)
            if wait_until(lambda: not self.runs, GRACE_SECONDS):
                return


def command_line(pid: int) -> str:
    """The words of a running process's command line, joined by spaces; empty when there is none."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except FileNotFoundError:
            return ""
    asked = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout
