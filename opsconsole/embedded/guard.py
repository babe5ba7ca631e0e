"""Outlives the supervisor by seconds: when that dies, nothing it started may stay.

Run as a program. Standard input names process groups, a line each: number, then the signal that asks
it to end, 0 when the kernel asks already, or -1 when the group is gone. The input ends when the
supervisor does, however that happens.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable

GRACE_SECONDS = 4.0
POLL_SECONDS = 0.02
GONE = -1


def main(lines: Iterable[str]) -> None:
    groups: dict[int, int] = {}
    for line in lines:
        group, number = map(int, line.split())
        if number == GONE:
            groups.pop(group, None)
        else:
            groups[group] = number
    end(groups)


def end(groups: dict[int, int]) -> None:
    """Ask every group to end, wait, and kill those that did not."""
    left = {group for group, number in groups.items() if send(group, number)}
    deadline = time.monotonic() + GRACE_SECONDS
    while left and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
        left = {group for group in left if send(group, 0)}
    for group in left:
        send(group, signal.SIGKILL)


def send(group: int, number: int) -> bool:
    """Whether the group still exists."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    except PermissionError:  # macOS says so of a group of zombies
        return False
    return True


if __name__ == "__main__":
    main(sys.stdin)
