"""Streams set aside: a subscription that parks goes on without the stream of an event that failed."""

import logging
from collections.abc import Sequence

from django.db import transaction
from django.db.models import F

from opsconsole.engine.faults import Fault
from opsconsole.streams.models import ParkedEvent, Subscription
from opsconsole.streams.recorded import Recorded
from opsconsole.streams.turns import Turn, lock
from opsconsole.streams.windows import read_window

logger = logging.getLogger(__name__)


def set_aside(turn: Turn, events: Sequence[Recorded]) -> list[Recorded]:
    """Park the events whose streams are parked already; returns the others."""
    mine = ParkedEvent.objects.filter(subscription=turn.name)
    parked = set(mine.filter(stream__in={key_of(event) for event in events}).values_list("stream", flat=True))
    followers = [event for event in events if key_of(event) in parked]
    _keep(turn, followers, Fault("", ""))
    return [event for event in events if key_of(event) not in parked]


def park(turn: Turn, recorded: Recorded, fault: Fault) -> None:
    """Set the stream of a failing event aside, from this event on."""
    logger.error(
        "subscription %s parked %s at position %s: %s",
        turn.name,
        key_of(recorded),
        recorded.position,
        fault.message,
        extra={"action": "subscription.park"},
    )
    _keep(turn, [recorded], fault)


def key_of(recorded: Recorded) -> str:
    """What is parked with an event: its stream, or itself alone."""
    return recorded.stream or str(recorded.id)


def apply_parked(name: str, stream: str) -> int | None:
    """Apply the parked events of a stream in their order, all of them or, when one fails, none.

    Returns how many there were, or None while somebody else is serving the subscription or it is not running; raises
    what an event raises.
    """
    with transaction.atomic():
        turn = lock(name, waits=False)
        if turn is None:
            return None
        parked = ParkedEvent.objects.filter(subscription=name, stream=stream).order_by("position")
        positions = list(parked.values_list("position", flat=True))
        for position in positions:
            turn.follower.apply(read_window(position - 1, position, turn.follower.types).events)
        parked.delete()
        Subscription.objects.filter(name=name).update(parked=F("parked") - len(positions))
    return len(positions)


def _keep(turn: Turn, events: Sequence[Recorded], fault: Fault) -> None:
    ParkedEvent.objects.bulk_create(
        ParkedEvent(
            subscription=turn.name,
            stream=key_of(event),
            position=event.position or 0,
            event_id=event.id,
            error_class=fault.error_class,
            error=fault.message,
            traceback=fault.traceback,
        )
        for event in events
    )
    Subscription.objects.filter(name=turn.name).update(parked=F("parked") + len(events))
