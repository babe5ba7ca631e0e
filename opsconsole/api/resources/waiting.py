"""Waiting for a command to end, by looking at its row: ever less often, and without holding a connection."""

import threading
import time
from collections import Counter
from uuid import UUID

from opsconsole.api.beforehand import give_back
from opsconsole.api.configuration import configuration
from opsconsole.engine.models import Command
from opsconsole.engine.states import UNFINISHED

FIRST, GROWTH, LONGEST = 0.1, 1.3, 1.0  # seconds between two looks

_lock = threading.Lock()
_waiting: Counter[str] = Counter()


def ended(identifier: UUID, seconds: float, caller: str) -> Command | None:
    """The command when it has ended, or as it is when the time is over; at once when too many wait already, of all
    or of this caller."""
    deadline = time.monotonic() + min(seconds, configuration().longest_wait)
    command = _look(identifier)
    if not _is_under_way(command) or seconds <= 0 or not _take_a_place(caller):
        return command
    pause = FIRST
    try:
        while _is_under_way(command) and (left := deadline - time.monotonic()) > 0:
            give_back()
            time.sleep(min(pause, left))
            pause = min(pause * GROWTH, LONGEST)
            command = _look(identifier)
    finally:
        _give_the_place_back(caller)
    return command


def _is_under_way(command: Command | None) -> bool:
    return command is not None and command.status in UNFINISHED


def _look(identifier: UUID) -> Command | None:
    wanted = Command.objects.only("id", "status", "finished_at", "error_class", "error", "log")
    return wanted.filter(pk=identifier).first()


def _take_a_place(caller: str) -> bool:
    settings = configuration()
    with _lock:
        if _waiting.total() >= settings.waiting or _waiting[caller] >= settings.waiting_each:
            return False
        _waiting[caller] += 1
        return True


def _give_the_place_back(caller: str) -> None:
    with _lock:
        _waiting[caller] -= 1
        if not _waiting[caller]:
            del _waiting[caller]
