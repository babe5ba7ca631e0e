"""What operators do to subscriptions: each a guarded update. Permissions are the caller's business."""

import logging
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from opsconsole.engine import waking
from opsconsole.streams.channel import CHANNEL
from opsconsole.streams.models import SkippedEvent, Subscription
from opsconsole.streams.states import PAUSED, RUNNING, STOPPED, SUBSCRIPTION

logger = logging.getLogger(__name__)

UNHARMED: dict[str, Any] = {
    "tries": 0,
    "failures": 0,
    "not_before": None,
    "failed_position": None,
    "failed_event_id": None,
    "failed_at": None,
    "error_class": "",
    "error": "",
    "traceback": "",
}  # a subscription that has left behind what it failed at


class Refused(Exception):
    """It cannot be done, or somebody else was quicker; the message says what is the case now."""


def pause(name: str, *, actor: str, reason: str) -> None:
    """Have a subscription rest after the page that it may be applying now. Raises Refused."""
    _move(name, PAUSED, paused_by=actor, paused_at=Now(), reason=reason)
    _log("pause", name, actor, reason)


def resume(name: str, *, actor: str) -> None:
    """Let a paused subscription go on where it was. Raises Refused."""
    _go_on(name, PAUSED, tries=0, paused_by="", paused_at=None, reason="")
    _log("resume", name, actor)


def retry(name: str, *, actor: str) -> None:
    """Have a stopped subscription try its event again, or one that waits for its next try do so now. Raises Refused."""
    waiting = Subscription.objects.filter(name=name, status=RUNNING, not_before__isnull=False)
    if not waiting.update(not_before=None):
        _go_on(name, STOPPED, failures=0, tries=0, not_before=None)
    waking.after_commit(CHANNEL)
    _log("retry", name, actor)


def skip(name: str, position: int, *, actor: str, reason: str) -> None:
    """Have a stopped subscription pass over the event that it stopped at, for a reason that is kept. Raises Refused.

    `position` is the one that the operator has seen: should it have stopped at another one since, nothing happens.
    """
    if not reason.strip():
        raise Refused("skipping an event needs a reason")
    with transaction.atomic():
        stopped = Subscription.objects.select_for_update().filter(name=name, status=STOPPED).first()
        if stopped is None or stopped.failed_position != position:
            raise Refused(_how_it_is(name, f"stopped at position {position}"))
        if position <= stopped.position:
            raise Refused("no event is to blame: what failed is the exchange of the rebuilt tables")
        SkippedEvent.objects.create(
            subscription=name,
            position=position,
            event_id=stopped.failed_event_id,
            error_class=stopped.error_class,
            error=stopped.error,
            skipped_by=actor,
            reason=reason,
        )
        _go_on(name, STOPPED, position=position, **UNHARMED)
    _log("skip", name, actor, reason)


def _go_on(name: str, source: str, **changes: Any) -> None:
    with transaction.atomic():
        if not Subscription.objects.filter(name=name, status=source).update(status=RUNNING, **changes):
            raise Refused(_how_it_is(name, source))
        waking.after_commit(CHANNEL)


def _move(name: str, to: str, **changes: Any) -> None:
    if not SUBSCRIPTION.move(Subscription.objects.filter(name=name), to, **changes):
        raise Refused(_how_it_is(name, "running"))


def _how_it_is(name: str, wanted: str) -> str:
    row = Subscription.objects.filter(name=name).values("status", "failed_position").first()
    if row is None:
        return f"there is no subscription {name!r}"
    at = f" at position {row['failed_position']}" if row["status"] == STOPPED else ""
    return f"{name} is not {wanted}: it is {row['status']}{at}"


def _log(action: str, name: str, actor: str, reason: str = "") -> None:
    logger.info("%s of %s by %s: %s", action, name, actor, reason, extra={"action": f"subscription.{action}"})
