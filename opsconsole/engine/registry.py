"""Who handles what: found in each installed app's `handlers.py`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from django.utils.module_loading import autodiscover_modules

from opsconsole.engine.messages import EVENTS, Command, Event
from opsconsole.engine.outcomes import Outcome
from opsconsole.kernel.registry import DuplicateName, Registry

if TYPE_CHECKING:
    from opsconsole.engine.work import Reacting, Work

C = TypeVar("C", bound=Command)
E = TypeVar("E", bound=Event)

Handler = Callable[[Any, "Work"], Outcome | None]
Reaction = Callable[[Any, "Reacting"], None]


@dataclass(frozen=True, slots=True)
class HandlerEntry:
    """A handler and how it wants to be run.

    `atomic`: inside the one transaction that also records the success. Otherwise it runs outside any
    transaction, at least once, and hands `work.idempotency_key` to the world outside; then `threads`
    of them may run at once in one worker process. `runner`, if there is one, runs a whole chunk in its own way.
    """

    function: Callable[..., Any]
    message: type[Command]
    atomic: bool
    threads: int
    runner: Callable[..., None] | None = None

    def __repr__(self) -> str:
        return f"{self.function.__module__}.{self.function.__qualname__}"


HANDLERS: Registry[HandlerEntry] = Registry("handler")
REACTIONS: dict[str, list[Reaction]] = {}


def handles(
    message: type[C], *, atomic: bool = True, threads: int = 1
) -> Callable[[Callable[[C, "Work"], Outcome | None]], Callable[[C, "Work"], Outcome | None]]:
    """Register the one handler of a command type; raises DuplicateName for a second one."""
    if atomic and threads != 1:
        raise ValueError("only handlers with atomic=False may run on several threads")

    def register(function: Callable[[C, "Work"], Outcome | None]) -> Callable[[C, "Work"], Outcome | None]:
        HANDLERS.add(message.__contract__.name, HandlerEntry(function, message, atomic, threads))
        return function

    return register


def reacts_to(
    *messages: type[E],
) -> Callable[[Callable[[E, "Reacting"], None]], Callable[[E, "Reacting"], None]]:
    """Register a reaction to events of these types. It reads and enqueues; it does nothing slow."""

    def register(function: Callable[[E, "Reacting"], None]) -> Callable[[E, "Reacting"], None]:
        for message in messages:
            reactions = REACTIONS.setdefault(message.__contract__.name, [])
            if function in reactions:
                raise DuplicateName(f"{function!r} already reacts to {message.__contract__.name!r}")
            reactions.append(function)
        return function

    return register


def reactions_to(event_type: str) -> tuple[Reaction, ...]:
    return tuple(REACTIONS.get(event_type, ()))


def is_unheard(event_type: str, schema_version: int) -> bool:
    """Whether this code knows the event and has no reaction to it."""
    message = EVENTS.find(event_type)
    return message is not None and schema_version <= message.__contract__.version and not REACTIONS.get(event_type)


def queues() -> list[str]:
    """Every queue that a known command type names, sorted; always with "default"."""
    from opsconsole.engine.messages import COMMANDS

    return sorted({"default"} | {message.__contract__.queue for _, message in COMMANDS})


def discover() -> None:
    """Import `handlers` of every installed app, as Django does with `admin`."""
    autodiscover_modules("handlers")
