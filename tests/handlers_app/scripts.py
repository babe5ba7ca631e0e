"""What the handlers do in the test that runs now."""

from collections.abc import Callable
from typing import Any

from opsconsole.engine import Command, Event

Behaviour = Callable[..., Any]

_behaviours: dict[type, Behaviour] = {}
_reactions: dict[type, Behaviour] = {}


def let(message: type[Command], behaviour: Behaviour) -> None:
    """Handlers of `message` call `behaviour(command, work)` and return its answer."""
    _behaviours[message] = behaviour


def let_react(message: type[Event], behaviour: Behaviour) -> None:
    """Reactions to `message` call `behaviour(event, work)`."""
    _reactions[message] = behaviour


def play(command: Command, work: Any) -> Any:
    behaviour = _behaviours.get(type(command))
    return behaviour(command, work) if behaviour else None


def react(event: Event, work: Any) -> None:
    behaviour = _reactions.get(type(event))
    if behaviour:
        behaviour(event, work)


def forget() -> None:
    _behaviours.clear()
    _reactions.clear()
