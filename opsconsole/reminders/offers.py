"""What operators may do to a reminder, each behind its own permission, and why it cannot be done just now."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest

from opsconsole.reminders import operations
from opsconsole.reminders.refusals import BadTime
from opsconsole.reminders.reminder import Reminder
from opsconsole.reminders.states import ACTIVE
from opsconsole.reminders.timers import UNITS, Timer


@dataclass(frozen=True, slots=True)
class Act:
    """`perform` takes the id, what was filled in, and the reason; it raises Refused."""

    name: str
    label: str
    icon: str
    permission: str
    explanation: str
    done: str
    perform: Callable[[UUID, Mapping[str, str], str], Reminder]
    is_dangerous: bool = False
    needs_time: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """An act as a button: with the reason when it cannot be pressed."""

    act: Act
    obstacle: str = ""


def offers(request: HttpRequest, reminder: Reminder, now: datetime) -> Iterator[Offer]:
    for act in ACTS.values():
        if not request.user.has_perm(act.permission):
            yield Offer(act, f"Needs the permission {act.permission}.")
        elif reminder.status != ACTIVE:
            yield Offer(act, f"It is {reminder.status.lower()}.")
        else:
            is_due = act.name == "fire" and reminder.is_being_called(now)
            yield Offer(act, "It is due: it is called as soon as a worker is free, if not just now." if is_due else "")


def timer_of(given: Mapping[str, str]) -> Timer:
    """The hours, minutes and seconds that were filled in; raises BadTime."""
    units = {}
    for name in UNITS:
        text = given.get(name, "").strip() or "0"
        if not (text.isascii() and text.isdigit() and len(text) <= 6):
            raise BadTime(f"{text[:20]!r} is no number of {name}", name)
        units[name] = int(text)
    return Timer.of(**units)


def _reschedule(pk: UUID, given: Mapping[str, str], reason: str) -> Reminder:
    return operations.reschedule(pk, timer=timer_of(given), reason=reason)


ACTS = {
    act.name: act
    for act in (
        Act(
            "reschedule", "Reschedule", "schedule", "ops_reminders.reschedule_reminder",
            "Its time is so long from now; tries made for the earlier time no longer count. A call that is on its"
            " way is not called back: should it be taken, the reminder is completed.", "It has another time",
            _reschedule, needs_time=True,
        ),
        Act(
            "fire", "Fire now", "play", "ops_reminders.fire_reminder",
            "Its address is called at once, and not again at its time.", "It is called now",
            lambda pk, given, reason: operations.fire(pk, reason=reason),
        ),
        Act(
            "cancel", "Cancel", "cancel", "ops_reminders.cancel_reminder",
            "Its address is not called any more. A call that is on its way is not called back.",
            "It is not called any more",
            lambda pk, given, reason: operations.cancel(pk, reason=reason), is_dangerous=True,
        ),
    )
}  # fmt: skip
