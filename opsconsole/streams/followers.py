"""Who follows the log: every subscription, projection and process manager that the code declares."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from django.db.models import Model

from opsconsole.engine import Event, NoRetry
from opsconsole.engine.messages import EVENTS
from opsconsole.engine.retries import RetryPolicy
from opsconsole.kernel.registry import Registry

if TYPE_CHECKING:
    from opsconsole.streams.recorded import Recorded

STARTS = ("beginning", "end")
ON_FAILURE = ("stop", "park")
NAME_LENGTH = 190  # characters: a rebuild adds some


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """One ordered reader of the log, and how it wants to be served.

    `apply` is called with events in the order of the log, inside the transaction that also keeps the position; it may
    be called again with the same ones when that was rolled back, all together or one by one.
    `start_delay` and `jitter` (seconds) put off its first event. `retry` says when a failing event is tried again
    before it stops; with `on_failure="park"` it then sets the event's stream aside and goes on. `shape` is what else
    than its types makes another release of it another one: of a process, its state machine and the fields of its state.
    """

    name: str
    kind: str
    types: frozenset[str]
    apply: Callable[[Sequence["Recorded"]], None]
    start: str = "beginning"
    start_delay: float = 0.0
    jitter: float = 0.0
    retry: RetryPolicy = field(default_factory=NoRetry)
    on_failure: str = "stop"
    page: int = 1_000  # events applied in one transaction, at most
    models: tuple[type[Model], ...] = ()
    shape: str = ""

    def __post_init__(self) -> None:
        if self.start not in STARTS:
            raise ValueError(f"{self.name!r} cannot start at {self.start!r}: one of {STARTS}")
        if self.on_failure not in ON_FAILURE:
            raise ValueError(f"{self.name!r} cannot {self.on_failure!r} on failure: one of {ON_FAILURE}")
        if not self.types:
            raise ValueError(f"{self.name!r} follows no type of event")
        if not 0 < len(self.name) <= NAME_LENGTH:
            raise ValueError(f"{self.name!r} cannot be the name of a subscription: 1 to {NAME_LENGTH} characters")

    @property
    def contract(self) -> str:
        """Differs between releases that follow other events, in other versions, or keep a state of another shape: by
        it, the code of one leaves the subscriptions of the other alone."""
        return _digest(self.types, self.shape)


FOLLOWERS: Registry[Follower] = Registry("subscription")


@cache
def _digest(types: frozenset[str], shape: str) -> str:
    followed = sorted(f"{name} {EVENTS.get(name).__contract__.version}" for name in types)
    return hashlib.sha256("\n".join([*followed, shape]).encode()).hexdigest()


def known(followers: Iterable[Follower] | None = None) -> dict[str, list[str]]:
    """These followers, or all that the code here declares, as parameters of a statement: names, and the contracts that
    go with them."""
    chosen = [follower for _, follower in FOLLOWERS] if followers is None else list(followers)
    return {"known": [one.name for one in chosen], "contracts": [one.contract for one in chosen]}


def names_of(messages: Sequence[type[Event]]) -> frozenset[str]:
    """The stored names of event types."""
    return frozenset(message.__contract__.name for message in messages)
