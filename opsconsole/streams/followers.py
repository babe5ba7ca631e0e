"""Who follows the log: every subscription, projection and process manager that the code declares."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Model

from opsconsole.engine import Event, NoRetry
from opsconsole.engine.retries import RetryPolicy
from opsconsole.kernel.registry import Registry

if TYPE_CHECKING:
    from opsconsole.streams.recorded import Recorded

STARTS = ("beginning", "end")
ON_FAILURE = ("stop", "park")


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """One ordered reader of the log, and how it wants to be served.

    `apply` is called with events in the order of the log, inside the transaction that also keeps the position; it may
    be called again with the same ones when that was rolled back, all together or one by one.
    `start_delay` and `jitter` (seconds) put off its first event. `retry` says when a failing event is tried again
    before it stops; with `on_failure="park"` it then sets the event's stream aside and goes on.
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

    def __post_init__(self) -> None:
        if self.start not in STARTS:
            raise ValueError(f"{self.name!r} cannot start at {self.start!r}: one of {STARTS}")
        if self.on_failure not in ON_FAILURE:
            raise ValueError(f"{self.name!r} cannot {self.on_failure!r} on failure: one of {ON_FAILURE}")
        if not self.types:
            raise ValueError(f"{self.name!r} follows no type of event")


FOLLOWERS: Registry[Follower] = Registry("subscription")


def names_of(messages: Sequence[type[Event]]) -> frozenset[str]:
    """The stored names of event types."""
    return frozenset(message.__contract__.name for message in messages)
