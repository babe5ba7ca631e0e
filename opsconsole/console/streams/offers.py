"""What operators may do to a subscription, each behind its own permission, and why it cannot be done just now."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from opsconsole.console.kinds import KINDS
from opsconsole.console.words import tail
from opsconsole.streams import operations, rebuilding
from opsconsole.streams.handlers import send_apply_parked
from opsconsole.streams.operations import Refused
from opsconsole.streams.queries.subscriptions import RETRYING, Standing
from opsconsole.streams.states import PAUSED, RUNNING, STOPPED

Done = SafeString | str
PAUSE, RETRY = "ops_streams.pause_subscription", "ops_streams.retry_subscription"
SKIP, REBUILD = "ops_streams.skip_event", "ops_streams.rebuild_projection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a form asks for, or a program: `given` are the other fields."""

    name: str
    actor: str
    reason: str
    given: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Act:
    """`perform` does it and says what was done, or raises Refused; `fits` says whether it makes sense now."""

    name: str
    label: str
    icon: str
    permission: str
    explanation: str
    perform: Callable[[Order], Done]
    fits: Callable[[Standing], bool]
    is_dangerous: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """An act as a button: with the reason when it cannot be pressed."""

    act: Act
    obstacle: str = ""


def offers(request: HttpRequest, standing: Standing) -> Iterator[Offer]:
    """The acts that make sense now."""
    for act in ACTS.values():
        if act.fits(standing):
            yield Offer(act, obstacle(request, act))


def obstacle(request: HttpRequest, act: Act) -> str:
    return "" if request.user.has_perm(act.permission) else f"Needs the permission {act.permission}."


def _pause(order: Order) -> Done:
    operations.pause(order.name, actor=order.actor, reason=order.reason)
    return f"Subscription {order.name} is paused. What it has begun it ends, then it rests"


def _resume(order: Order) -> Done:
    operations.resume(order.name, actor=order.actor)
    return f"Subscription {order.name} goes on where it was"


def _retry(order: Order) -> Done:
    operations.retry(order.name, actor=order.actor)
    return f"Subscription {order.name} tries its event again"


def _skip(order: Order) -> Done:
    text = order.given.get("position", "")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Refused("the form does not say which event is meant")
    operations.skip(order.name, int(text), actor=order.actor, reason=order.reason)
    return f"Subscription {order.name} has skipped position {int(text):,} and goes on behind it"


def _rebuild(order: Order) -> Done:
    rebuilding.rebuild(order.name, actor=order.actor)
    return f"The rebuild of {order.name} has begun; the old rows serve until it is done"


def _give_up(order: Order) -> Done:
    name = order.name.removesuffix(rebuilding.SUFFIX)
    rebuilding.give_up(name, actor=order.actor)
    return f"The rebuild of {name} was given up; the old rows stay"


def _apply_parked(order: Order) -> Done:
    stream = order.given.get("stream", "").replace("\0", "")
    if not stream:
        raise Refused("the form does not say which stream is meant")
    sent = send_apply_parked(order.name, stream)
    link = format_html('<a href="{}">{}</a>', KINDS["command"].url(sent.id), tail(sent.id))
    if not sent.is_new:
        raise Refused(format_html("the events of {} are being applied already, by command {}", stream, link))
    return format_html("A command will apply the parked events of {}: {}", stream, link)


def _status_is(*statuses: str) -> Callable[[Standing], bool]:
    return lambda standing: standing.row is not None and standing.row.status in statuses


ACTS = {
    act.name: act
    for act in (
        Act(
            "retry", "Retry", "retry", RETRY, "Tries the event that it failed at again, at once.", _retry,
            lambda standing: _status_is(STOPPED)(standing) or standing.status == RETRYING,
        ),
        Act(
            "skip", "Skip this event", "skip", SKIP,
            "Passes over the event that it stopped at, for good. Needs a reason.", _skip,
            lambda standing: _status_is(STOPPED)(standing) and standing.failed_at_an_event,
            is_dangerous=True,
        ),
        Act(
            "pause", "Pause", "pause", PAUSE, "It rests where it is until it is resumed.", _pause,
            _status_is(RUNNING, STOPPED),
        ),
        Act("resume", "Resume", "resume", PAUSE, "It goes on where it was.", _resume, _status_is(PAUSED)),
        Act(
            "rebuild", "Rebuild", "reprocess", REBUILD,
            "Builds its tables again from the first event, beside the old ones, then exchanges them.", _rebuild,
            lambda standing: bool(standing.row and standing.follower and standing.follower.models)
            and not (standing.rebuild or (standing.row and standing.row.shadow_of)),
        ),
        Act(
            "give_up", "Give it up", "cancel", REBUILD, "Ends the rebuild; the old rows stay.", _give_up,
            lambda standing: bool(standing.row and standing.row.shadow_of), is_dangerous=True,
        ),
        Act(
            "apply_parked", "Apply again", "retry", RETRY,
            "A worker applies the events of this stream that were set aside, all or none.", _apply_parked,
            lambda standing: False,  # it stands beside each stream
        ),
    )
}  # fmt: skip
