"""Let the kernel end a child when its parent dies, however the parent dies (Linux only)."""

import ctypes
import os
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
ON_LINUX = sys.platform == "linux"
_libc = ctypes.CDLL(None) if ON_LINUX else None


def leash(signal_number: int) -> Callable[[], None] | None:
    """What the child runs before its program, to be sent this signal when its parent dies.

    The kernel means the parent *thread*: start children from one that lives as long as they should.
    """
    if _libc is None:
        return None
    prctl, parent = _libc.prctl, os.getpid()

    def tie() -> None:
        prctl(PR_SET_PDEATHSIG, signal_number)
        if os.getppid() != parent:  # it died before the leash was on
            os._exit(1)

    return tie
