"""States of processes and subscriptions as an icon, a word and a colour."""

from dataclasses import dataclass

from opsconsole.streams.queries.subscriptions import (
    BEHIND,
    DELAYED,
    LIVE,
    ORPHANED,
    RETRYING,
    UNSEEN,
)
from opsconsole.streams.states import PAUSED, STOPPED


@dataclass(frozen=True, slots=True)
class Look:
    """`tone` names the colour: a class of streams.css or of the console's own states."""

    tone: str
    icon: str
    word: str


SUBSCRIPTIONS = {
    STOPPED: Look("error", "error", "stopped"),
    RETRYING: Look("stuck", "reprocess", "retrying"),
    ORPHANED: Look("stuck", "warning", "no code"),
    BEHIND: Look("live", "live", "catching up"),
    PAUSED: Look("awaiting", "pause", "paused"),
    DELAYED: Look("awaiting", "pending", "begins later"),
    UNSEEN: Look("awaiting", "awaiting", "not begun"),
    LIVE: Look("success", "success", "up to date"),
}


def of_process(status: str, condition: str) -> Look:
    """The state in the process's own word; the icon and colour tell whether it is live, ended, stuck or overdue."""
    return Look(condition, condition, status)
