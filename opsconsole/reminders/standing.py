"""How a reminder stands, in a word, an icon and a colour; and what has happened to it, in sentences."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from opsconsole.console.words import absolute, took
from opsconsole.reminders.models import ReminderRow
from opsconsole.reminders.queries import SOON, late_since
from opsconsole.reminders.reminder import Reminder
from opsconsole.reminders.states import ACTIVE, CANCELLED, COMPLETED, FAILED
from opsconsole.streams import Recorded

ENDED = {COMPLETED: "success", FAILED: "error", CANCELLED: "cancelled"}


@dataclass(frozen=True, slots=True)
class Standing:
    """`tone` is the word for a state whose colours it has."""

    word: str
    tone: str
    icon: str


CONDITIONS = {
    "due": Standing("due now", "processing", "play"),
    "soon": Standing("due soon", "awaiting", "pending"),
    "late": Standing("late", "error", "warning"),
    "retrying": Standing("retrying", "pending", "reprocess"),
    "active": Standing("active", "awaiting", "awaiting"),
    "failed": Standing("failed", "error", "error"),
    "completed": Standing("completed", "success", "success"),
    "cancelled": Standing("cancelled", "cancelled", "cancelled"),
}


def standing(one: ReminderRow | Reminder, now: datetime) -> Standing:
    if one.status != ACTIVE or one.scheduled_at is None:
        return CONDITIONS.get(one.status.lower(), CONDITIONS["active"])
    if (one.next_try_at or one.scheduled_at) < late_since(now):
        return CONDITIONS["late"]
    if one.attempts and one.scheduled_at < now:
        return CONDITIONS["retrying"]
    if one.scheduled_at <= now:
        return CONDITIONS["due"]
    return CONDITIONS["soon" if one.scheduled_at < now + SOON else "active"]


@dataclass(frozen=True, slots=True)
class Happened:
    """An event in the timeline: `tone` and `icon` as for states; `body` is the beginning of an answer."""

    recorded: Recorded
    tone: str
    icon: str
    name: str
    told: str
    body: str = ""


def happened(recorded: Recorded) -> Happened:
    """What an event says to an operator."""
    event: Any = recorded.event()
    match recorded.type.partition(".")[2]:
        case "defined":
            length = f"in {took(event.timer.length)}" if event.timer else "at a moment"
            return Happened(recorded, "awaiting", "event", "Defined", f"{length}: {absolute(event.scheduled_at)}")
        case "rescheduled":
            names = {"rescheduled": "Rescheduled", "snoozed": "Snoozed", "fired": "Fired at once"}
            told = f"to {absolute(event.scheduled_at)}{_because(event.reason)}"
            return Happened(recorded, "awaiting", "schedule", names.get(event.how, event.how), told)
        case "cancelled":
            return Happened(recorded, "cancelled", "cancelled", "Cancelled", _because(event.reason).strip(": "))
        case "elapsed":
            late = took(max(event.called_at - event.scheduled_at, timedelta(0)))
            return Happened(recorded, "processing", "pending", "Elapsed", f"called {late} after its time")
        case "call_failed":
            told = f"try {event.attempt}: {event.problem}, after {_seconds(event.latency)}"
            again = f"; again at {absolute(event.next_try_at)}" if event.next_try_at else "; it was the last one"
            return Happened(recorded, "pending", "warning", "Call failed", told + again, event.body)
        case "completed":
            told = f"try {event.attempt}: answered {event.status_code} after {_seconds(event.latency)}"
            return Happened(recorded, "success", "success", "Completed", told, event.body)
        case "failed":
            return Happened(recorded, "error", "error", "Failed", event.reason)
    return Happened(recorded, "awaiting", "event", recorded.type, "")


def _because(reason: str) -> str:
    return f": {reason}" if reason else ""


def _seconds(seconds: float) -> str:
    return took(timedelta(seconds=seconds))
