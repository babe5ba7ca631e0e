"""Process managers: a state machine per subject, moved by events, whose state says what is to be done next.

class Voiding(
    ProcessManager,
    name="billing.document_voiding",
    moves={"requested": {"marked", "refused"}, "marked": {"voided"}, "refused": {"acknowledged"},
           "voided": set(), "acknowledged": set()},
):
    document_id: UUID

    def subject(self): return str(self.document_id)

    @begins_with(VoidingRequested)
    @classmethod
    def requested(cls, event): return cls(status="requested", document_id=event.document_id)

    @moves_on(MarkingSucceeded)
    def marked(self, event): return self.to("marked")

    def next_commands(self):
        match self.status:
            case "requested": yield MarkAsVoided(document_id=self.document_id)
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict

from opsconsole.engine import Command, Event, NoRetry
from opsconsole.engine.retries import RetryPolicy
from opsconsole.kernel.lifecycle import Lifecycle
from opsconsole.streams import moving
from opsconsole.streams.followers import FOLLOWERS, Follower
from opsconsole.streams.later import Later
from opsconsole.streams.moves import PROCESSES, IllegalMove

F = TypeVar("F", bound=Callable[..., Any])

_BEGINS, _MOVES, _DEADLINE = "__begins_with__", "__moves_on__", "__if_still__"


@dataclass(frozen=True, slots=True)
class Deadline:
    """What happens when an instance has been in a state for `after`: the method that is called then."""

    after: timedelta
    method: str


@dataclass(frozen=True, slots=True)
class ByHand:
    """A command that an operator may send to an instance, from these states; it has a field `process_id`.

    An instance in these states waits for it, unless it `is_remedy`: something to try with one that is stuck.
    """

    label: str
    command: type[Command]
    statuses: tuple[str, ...]
    is_remedy: bool = False


def begins_with(*messages: type[Event]) -> Callable[[F], F]:
    """Mark the class method that makes a new instance of such an event, or answers None when it asks for none.

    @begins_with(VoidingRequested)
    @classmethod
    def requested(cls, event): ...
    """

    def mark(method: F) -> F:
        function = getattr(method, "__func__", method)
        setattr(function, _BEGINS, [message.__contract__.name for message in messages])
        return method

    return mark


def moves_on(*messages: type[Event], subject: Callable[[Any], str] | None = None) -> Callable[[F], F]:
    """Mark a method that answers to these events with the next state, or None when they change nothing.

    The instance is the one whose flow the event belongs to (by correlation id), or, with `subject`, the live one that
    is about what the function says.
    """

    def mark(method: F) -> F:
        setattr(method, _MOVES, ([message.__contract__.name for message in messages], subject))
        return method

    return mark


def if_still(*statuses: str, after: timedelta) -> Callable[[F], F]:
    """Mark a method that is called when an instance has been in one of these states for so long."""

    def mark(method: F) -> F:
        setattr(method, _DEADLINE, (statuses, after))
        return method

    return mark


class ProcessManager(BaseModel):
    """The state of one instance: frozen, typed, moved by pure methods.

    Class options: `name`, `moves` (every state with those that follow it; one that nothing follows is an end),
    `begins_in` (states to begin in; else those that follow no other), `start` ("end" of the log unless told otherwise:
    a new process does not act upon the past), `start_delay` and `jitter` (seconds), `retry`, `on_failure`,
    `stuck_after` (how long an instance may stay where it is without being marked), `by_hand` (commands that operators
    may send to an instance).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: str

    type_name: ClassVar[str] = ""
    lifecycle: ClassVar[Lifecycle]
    begins_in: ClassVar[tuple[str, ...]] = ()
    beginnings: ClassVar[dict[str, str]] = {}
    answers: ClassVar[dict[str, tuple[str, Callable[[Any], str] | None]]] = {}
    deadlines: ClassVar[dict[str, Deadline]] = {}
    stuck_after: ClassVar[timedelta] = timedelta(minutes=5)
    by_hand: ClassVar[tuple[ByHand, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__()

    @classmethod
    def __pydantic_init_subclass__(
        cls,
        *,
        name: str = "",
        moves: Mapping[str, set[str]] | None = None,
        begins_in: Sequence[str] = (),
        start: str = "end",
        start_delay: float = 0.0,
        jitter: float = 0.0,
        retry: RetryPolicy | None = None,
        on_failure: str = "stop",
        stuck_after: timedelta = timedelta(minutes=5),
        by_hand: Sequence[ByHand] = (),
        **kwargs: Any,
    ) -> None:
        if not name:
            return  # a base for others
        cls.type_name, cls.lifecycle = name, Lifecycle(moves or {})
        cls.begins_in = tuple(begins_in) or tuple(s for s in cls.lifecycle.states if not cls.lifecycle.sources(s))
        cls.stuck_after, cls.by_hand = stuck_after, tuple(by_hand)
        cls._find_methods()
        PROCESSES.add(name, cls)
        FOLLOWERS.add(
            name,
            Follower(
                name=name,
                kind="process",
                types=frozenset(cls.beginnings) | frozenset(cls.answers),
                apply=partial(moving.apply, cls),
                start=start,
                start_delay=start_delay,
                jitter=jitter,
                retry=retry or NoRetry(),
                on_failure=on_failure,
                shape=cls._shape(),
            ),
        )

    @classmethod
    def _shape(cls) -> str:
        """What code of another release must know alike, to read the state and to move it as this one does."""
        fields = [f"{name}: {field!r}" for name, field in sorted(cls.model_fields.items())]
        moves = [f"{source} -> {sorted(targets)}" for source, targets in sorted(cls.lifecycle.moves.items())]
        deadlines = [f"{status}: {deadline.after}" for status, deadline in sorted(cls.deadlines.items())]
        return "\n".join([*fields, *moves, *deadlines])

    @classmethod
    def _find_methods(cls) -> None:
        cls.beginnings, cls.answers, cls.deadlines = {}, {}, {}
        members = {
            name: member
            for base in reversed(cls.__mro__)
            if issubclass(base, ProcessManager)
            for name, member in vars(base).items()
        }
        for name, member in members.items():
            method = getattr(member, "__func__", member)  # of a class method, the function
            for event_type in getattr(method, _BEGINS, ()):
                cls.beginnings[event_type] = name
            types, subject = getattr(method, _MOVES, ((), None))
            for event_type in types:
                cls.answers[event_type] = (name, subject)
            statuses, after = getattr(method, _DEADLINE, ((), timedelta()))
            for status in statuses:
                cls.deadlines[status] = Deadline(after, name)

    def subject(self) -> str:
        """What the instance is about: no two live ones are about the same."""
        raise NotImplementedError

    def next_commands(self) -> Iterable[Command | Later]:
        """What is to be done in this state: called once, as the instance comes into it."""
        return ()

    def to(self, status: str, **changes: Any) -> Self:
        """The next state; raises IllegalMove for one that does not follow this one."""
        if not self.lifecycle.allows(self.status, status):
            raise IllegalMove(f"{self.type_name} cannot go from {self.status!r} to {status!r}")
        return self.model_validate({**self.model_dump(), "status": status, **changes})

    def comes_anew(self, source: "ProcessManager") -> bool:
        """Whether it has come into its state, when it was `source` before: from another state, or from this one by a
        move that the state machine has from it to itself."""
        return self.status != source.status or self.lifecycle.allows(self.status, self.status)

    @property
    def is_live(self) -> bool:
        """Whether something can still happen to it."""
        return bool(self.lifecycle.moves[self.status])
