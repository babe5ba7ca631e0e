"""Events to follow, and subscriptions that exist for one test only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from opsconsole.engine import Event, emit, sequencing
from opsconsole.streams import duties, moves
from opsconsole.streams.followers import FOLLOWERS
from opsconsole.streams.models import Move, Subscription
from opsconsole.streams.subscribing import subscribes


class Counted(Event, name="tests.counted"):
    number: int = 0
    key: str = "a"


class Uncounted(Event, name="tests.uncounted"):
    """Nobody follows it."""


@contextmanager
def declared(*names: str) -> Iterator[None]:
    """What the block declares under these names is forgotten at its end."""
    try:
        yield
    finally:
        for name in names:
            FOLLOWERS.remove(name)
            moves.PROCESSES.remove(name)
            Move.objects.filter(process=name).delete()


@contextmanager
def reader(function: Callable[..., None], name: str = "tests.reader", **options: Any) -> Iterator[str]:
    """A subscription to Counted that calls `function(event, following)`."""
    with declared(name):
        subscribes(name, to=[Counted], **options)(function)
        duties.begin()
        yield name


def happen(*numbers: int, key: str = "a", stream: str | None = None) -> None:
    """Emit events and give them their positions."""
    with transaction.atomic():
        for number in numbers:
            emit(Counted(number=number, key=key), stream=stream)
    sequencing.catch_up()


def state(name: str = "tests.reader") -> Subscription:
    return Subscription.objects.get(name=name)
