"""End what a killed supervisor left running, where the kernel has not done it."""

import os
import signal
from contextlib import suppress
from dataclasses import dataclass

from opsconsole.embedded.processes import command_line
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
