"""The test kit: what was, what is decided, what comes of it. No database is needed.

given(Account, Deposited(amount=5)).when(lambda account: account.withdraw(3)).then(Withdrawn(amount=3))
given(Order, OrderPlaced(order="o1")).when(OrderPaid()).then(Ship(order="o1")).then_status("paid")
given(Balances, Deposited(account=1, amount=5)).then(1, amount=5)
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NoReturn, TypeVar, overload

from opsconsole.engine import Event
from opsconsole.streams.aggregates import Aggregate
from opsconsole.streams.processes import ProcessManager
from opsconsole.streams.projectors import RowProjector
from opsconsole.streams.repository import Decision, listed
from opsconsole.streams.trying import Rows, Trial

A = TypeVar("A", bound=Aggregate)
E = TypeVar("E", bound=Event)


@overload
def given(what: type[A], *events: Event) -> "Given[A]": ...
@overload
def given(what: type[ProcessManager], *events: Event) -> Trial: ...
@overload
def given(what: type[RowProjector], *events: Event) -> Rows: ...
def given(what: Any, *events: Event) -> Any:
    """An aggregate, an instance of a process, or the rows of a projector, to which these events have happened; each is
    read back from JSON, as from the log."""
    again = [as_read_back(event) for event in events]
    if issubclass(what, ProcessManager):
        trial = Trial(what)
        for event in again:
            trial.when(event)
        return trial
    if issubclass(what, RowProjector):
        return Rows(what()).when(*again)
    return Given(what().apply_all(again), events)


@dataclass(frozen=True, slots=True)
class Given(Generic[A]):
    """An aggregate as its history made it."""

    state: A
    history: Sequence[Event]

    def when(self, decision: Decision[A]) -> "When[A]":
        """Let it decide. What it answers, or raises, is looked at by `then`."""
        try:
            events = listed(decision(self.state))
        except Exception as error:
            return When(self, [], error)
        return When(self, events, None)

    def then_state(self, **fields: Any) -> None:
        """These fields of its state have these values."""
        compare_state(self.state, fields, self.told())

    def told(self) -> str:
        """Its history in words."""
        return told(f"given {type(self.state).__name__} with", self.history)


@dataclass(frozen=True, slots=True)
class When(Generic[A]):
    """What a decision came to."""

    given: Given[A]
    events: Sequence[Event]
    error: Exception | None

    def then(self, *expected: Event) -> "When[A]":
        """Exactly these events come of it, in this order, and they can be stored and applied; without any, nothing."""
        if self.error is not None:
            self._fail(expected, f"it raised {self.error!r}")
        if list(self.events) != list(expected):
            self._fail(expected, told("but these came", self.events))
        self.state()
        return self

    def then_raises(self, error: type[Exception], words: str = "") -> Exception:
        """It is refused with an error of this class, whose text has these words in it; returns the error."""
        if self.error is None:
            fail(self.given.told(), f"expected {error.__name__}", told("but these came", self.events))
        if not isinstance(self.error, error) or words not in str(self.error):
            said = f" saying {words!r}" if words else ""
            fail(self.given.told(), f"expected {error.__name__}{said}", f"it raised {self.error!r}", because=self.error)
        return self.error

    def then_state(self, **fields: Any) -> "When[A]":
        """These fields of the state have these values after what came of it."""
        if self.error is not None:
            fail(self.given.told(), f"expected the state {fields}", f"it raised {self.error!r}", because=self.error)
        compare_state(self.state(), fields, told(f"{self.given.told()}\nand then", self.events))
        return self

    def state(self) -> A:
        """What the aggregate has become, by events read back from JSON."""
        return self.given.state.apply_all(map(as_read_back, self.events))

    def _fail(self, expected: Sequence[Event], fact: str) -> NoReturn:
        fail(self.given.told(), told("expected", expected), fact, because=self.error)


def as_read_back(event: E) -> E:
    """The event as the log would give it back."""
    version = event.__contract__.version
    again = event.decode(event.encode(), version, version)
    if again != event:
        fail(f"{event!r} is not the same when it is read back from JSON", f"it is {again!r}")
    return again


def compare_state(state: Any, fields: dict[str, Any], story: str) -> None:
    """Fail unless these fields of a state have these values."""
    wrong = [
        f"    {name} is {getattr(state, name)!r}, not {value!r}"
        for name, value in fields.items()
        if getattr(state, name) != value
    ]
    if wrong:
        fail(story, f"the state of {type(state).__name__} is another one:", *wrong)


def told(words: str, events: Iterable[Event]) -> str:
    """Events, one a line."""
    lines = [f"\n    {event!r}" for event in events]
    return f"{words}:{''.join(lines)}" if lines else f"{words} nothing"


def fail(*lines: str, because: Exception | None = None) -> NoReturn:
    """Fail the test, with the whole story."""
    raise AssertionError("\n".join(lines)) from because
