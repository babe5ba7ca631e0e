"""Aggregates: a state, and how each event changes it. Nothing here touches the database.

class Account(Aggregate, category="bank.account", version=1, snapshot_every=100):
    balance: int = 0

    @applies(Deposited)
    def deposited(self, event: Deposited) -> "Account":
        return self.with_(balance=self.balance + event.amount)
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, ClassVar, Generic, Self, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from opsconsole.engine import Event
from opsconsole.kernel.registry import Registry

Key = str | int | UUID
Applier = Callable[[Any, Any], Any]
F = TypeVar("F", bound=Applier)


class NotApplied(TypeError):
    """An event in the stream of an aggregate that does not say what becomes of it."""


@dataclass(frozen=True, slots=True)
class AggregateContract:
    """What is known about an aggregate. `appliers` are its methods by the stored name of their event."""

    name: str
    category: str
    version: int
    snapshot_every: int | None
    appliers: dict[str, Applier]
    has_own_stream: bool


def applies(*messages: type[Event]) -> Callable[[F], F]:
    """Mark the method that returns what the aggregate has become by an event of these types."""

    def mark(method: F) -> F:
        method.__applies__ = messages  # type: ignore[attr-defined]
        return method

    return mark


class Aggregate(BaseModel):
    """A frozen state that a stream's events lead to; each field has a default, and together they are the beginning.

    Class options: `category` (of its streams), `version` (raise it when older snapshots no longer tell the truth:
    when a field or what an event does has changed its meaning), `snapshot_every` so many events (None: never).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    __aggregate__: ClassVar[AggregateContract]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__()

    @classmethod
    def __pydantic_init_subclass__(
        cls, *, category: str = "", version: int = 1, snapshot_every: int | None = None, **kwargs: Any
    ) -> None:
        if not category and not hasattr(cls, "__aggregate__"):
            return  # a base for others
        has_own_stream = cls.streams.__func__ is Aggregate.streams.__func__  # type: ignore[attr-defined]
        _refuse_unusable(cls, category, snapshot_every, has_own_stream)
        name = f"{category}:{cls.__name__}"
        cls.__aggregate__ = AggregateContract(name, category, version, snapshot_every, _appliers(cls), has_own_stream)
        AGGREGATES.add(name, cls)

    @classmethod
    def stream(cls, key: Key) -> str:
        """The name of the stream of the one with this key."""
        return f"{cls.__aggregate__.category}-{key}"

    @classmethod
    def streams(cls, key: Key) -> Sequence[str]:
        """The streams that it is folded from. One that overrides this is folded from streams of others: it passes
        over events that it does not apply, has no snapshots, and can be loaded, but not decide."""
        return (cls.stream(key),)

    def with_(self, **changes: Any) -> Self:
        """The same state but for these fields; raises TypeError for a field that there is not."""
        if unknown := changes.keys() - type(self).model_fields.keys():
            raise TypeError(f"{type(self).__name__} has no {', '.join(sorted(unknown))}")
        return self.model_copy(update=changes)

    def apply(self, event: Event) -> Self:
        """What it becomes by an event; raises NotApplied."""
        own = type(self)
        method = own.__aggregate__.appliers.get(event.__contract__.name)
        if method is None:
            raise NotApplied(
                f"{own.__name__} does not say what becomes of it by {type(event).__name__}: "
                f"write a method marked with @applies({type(event).__name__})"
            )
        state = method(self, event)
        if not isinstance(state, own):
            raise TypeError(f"{own.__name__}.{method.__name__} must return what it has become, and returned {state!r}")
        return state

    def apply_all(self, events: Iterable[Event]) -> Self:
        """What it becomes by one event after the other."""
        return reduce(type(self).apply, events, self)


A = TypeVar("A", bound=Aggregate)
AGGREGATES: Registry[type[Aggregate]] = Registry("aggregate")


@dataclass(frozen=True, slots=True)
class Loaded(Generic[A]):
    """An aggregate as it was found: its state, and the version of its stream (of one that folds several streams, the
    number of their events). `snapshot_version` is where reading began, 0 without a snapshot."""

    state: A
    version: int
    snapshot_version: int = field(default=0, compare=False)


def _refuse_unusable(cls: type[Aggregate], category: str, snapshot_every: int | None, has_own_stream: bool) -> None:
    if not category:
        raise TypeError(f"{cls.__name__} needs a category of its own: its base is an aggregate already")
    required = [name for name, one in cls.model_fields.items() if one.is_required()]
    if required:
        raise TypeError(f"{cls.__name__} begins before its first event: {', '.join(required)} must have defaults")
    if "-" in category:
        raise ValueError(f"the category {category!r} holds a '-', which ends a category in the name of a stream")
    if snapshot_every is not None and snapshot_every < 1:
        raise ValueError(f"{cls.__name__} cannot have a snapshot every {snapshot_every} events")
    if snapshot_every is not None and not has_own_stream:
        raise ValueError(f"{cls.__name__} is folded from several streams, which have no snapshots")


def _appliers(cls: type[Aggregate]) -> dict[str, Applier]:
    """Its marked methods by event; what a subclass says goes before what its bases do."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        own = [
            (message.__contract__.name, name)
            for name, method in vars(base).items()
            for message in getattr(method, "__applies__", ())
        ]
        if len(dict(own)) < len(own):
            raise TypeError(f"{base.__name__} applies an event in more than one way")
        found |= dict(own)
    return {event: getattr(cls, name) for event, name in found.items()}
