"""Streams set aside: a subscription that parks goes on without the stream of an event that failed."""

import logging
from collections.abc import Sequence

from django.db import connection, transaction
from django.db.models import F

from opsconsole.engine.faults import Fault
from opsconsole.streams.models import ParkedEvent, Subscription
from opsconsole.streams.recorded import Recorded
from opsconsole.streams.sql import statement
from opsconsole.streams.turns import Turn, lock
from opsconsole.streams.windows import read_positions

logger = logging.getLogger(__name__)

PAGE = 200  # parked events in memory at once


def parked_among(turn: Turn, events: Sequence[Recorded]) -> set[str]:
    """The keys of these events whose streams are parked."""
    if not turn.has_parked:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(statement("parked_among"), {"name": turn.name, "keys": [*{key_of(event) for event in events}]})
        return {key for (key,) in cursor.fetchall()}


def set_aside(turn: Turn, events: Sequence[Recorded]) -> None:
    """Park events of streams that are parked. The position must pass them in the same transaction."""
    if events:
        _keep(turn, events, Fault("", ""))


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
        for first in range(0, len(positions), PAGE):
            turn.follower.apply(read_positions(positions[first : first + PAGE]))
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
