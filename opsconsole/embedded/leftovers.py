"""End what a killed supervisor left running, where the kernel has not done it."""

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

from opsconsole.embedded.children import Child
from opsconsole.embedded.processes import command_line
from opsconsole.embedded.waiting import wait_until

GRACE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Leftover:
    """A process that an earlier run started, what its command line held and which signal asks it to end."""

    name: str
    pid: int
    mark: str
    stop_signal: int

    @classmethod
    def of(cls, child: Child) -> Self:
        """What to remember of a child that was launched."""
        return cls(child.name, child.pid or 0, child.mark, int(child.stop_signal))

    @property
    def runs(self) -> bool:
        """Whether it is still that process; its number may have passed to another."""
        return self.mark in command_line(self.pid)

    def end(self) -> None:
        """End it, with everything in its process group."""
        for number in (self.stop_signal, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)
            if wait_until(lambda: not self.runs, GRACE_SECONDS):
                return
