"""The supervisor's end of its guard."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from opsconsole.embedded import guard
from opsconsole.embedded.children import Child
from opsconsole.embedded.leash import ON_LINUX


class Guard:
    """A tiny process that ends our children's process groups when we are killed.

    The kernel's leash reaches only what we started ourselves, and only on Linux; the guard also reaches
    what those started, and those that do not end when asked.
    """

    def __init__(self) -> None:
        command = [sys.executable, "-I", "-S", guard.__file__]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, text=True, start_new_session=True, cwd=Path("/")
        )

    def over(self, child: Child) -> None:
        """Guard this child from now on."""
        self._tell(child, 0 if ON_LINUX else child.stop_signal)

    def no_longer_over(self, child: Child) -> None:
        self._tell(child, guard.GONE)

    def dismiss(self) -> None:
        """End the guard; what it still guards ends with it."""
        with suppress(BrokenPipeError):
            self._process.communicate()

    def _tell(self, child: Child, number: int) -> None:
        if self._process.stdin is None or child.pid is None:
            return
        with suppress(BrokenPipeError):  # somebody killed it; the leash still holds
            self._process.stdin.write(f"{child.pid} {int(number)}\n")
            self._process.stdin.flush()
