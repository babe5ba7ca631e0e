"""The part of the test kit that is about processes and projectors; `opsconsole.streams.testing.given` leads here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NoReturn

from django.db.models import Model

from opsconsole.engine import Command, Event
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7
from opsconsole.streams.later import Later
from opsconsole.streams.moves import IllegalMove
from opsconsole.streams.processes import ProcessManager
from opsconsole.streams.projectors import RowProjector
from opsconsole.streams.recorded import Recorded


class StoryFailed(AssertionError):
    """What came is not what was expected; the message tells the whole story."""


@dataclass
class Trial:
    """An instance of a process, moved by events in memory."""

    type: type[ProcessManager]
    story: list[str] = field(default_factory=list)
    state: ProcessManager | None = None
    commands: list[Command | Later] = field(default_factory=list)
    refusal: str = ""

    def when(self, event: Event) -> "Trial":
        """The event happens, to this instance or so as to begin it."""
        name = event.__contract__.name
        self.story.append(repr(event))
        if self.state is None and name in self.type.beginnings:
            self._come_into(getattr(self.type, self.type.beginnings[name])(event), self.type.begins_in)
        elif self.state is not None and name in self.type.answers:
            method, _ = self.type.answers[name]
            self._answer(lambda state: getattr(state, method)(event))
        else:
            self._come_to_nothing()
        return self

    def when_nothing_happens(self, within: timedelta) -> "Trial":
        """So much time passes; if the state has a deadline by then, it does what it does."""
        self.story.append(f"nothing, for {within}")
        deadline = self.type.deadlines.get(self.state.status) if self.state else None
        if deadline is None or deadline.after > within:
            self._come_to_nothing()
        else:
            self._answer(getattr(self.type, deadline.method))
        return self

    def when_decided(self, decision: Callable[[Any], ProcessManager | None]) -> "Trial":
        """A command's handler moves it."""
        self.story.append("a decision")
        self._answer(decision)
        return self

    def then(self, *expected: Command | Later) -> "Trial":
        """Exactly these commands follow from the last thing that happened; without any, none."""
        if self.commands != list(expected):
            self._fail(f"expected the commands {list(expected)!r}", f"but these follow: {self.commands!r}")
        return self

    def then_status(self, status: str) -> "Trial":
        """It is in this state now."""
        if self.state is None or self.state.status != status:
            self._fail(f"expected the state {status!r}", f"it is {self.state.status if self.state else 'not begun'!r}")
        return self

    def then_state(self, **fields: Any) -> "Trial":
        """These fields of it have these values."""
        for name, value in fields.items():
            if (actual := getattr(self.state, name, None)) != value:
                self._fail(f"expected {name} to be {value!r}", f"it is {actual!r}")
        return self

    def then_refused(self, words: str = "") -> "Trial":
        """The last thing that happened was refused, with these words in the reason."""
        if not self.refusal or words not in self.refusal:
            self._fail(f"expected a refusal with {words!r}", f"there was {self.refusal or 'none'!r}")
        return self

    def _answer(self, answer: Callable[[Any], ProcessManager | None]) -> None:
        self._come_to_nothing()
        if self.state is None:
            self._fail("it has not begun")
        try:
            target = answer(self.state)
        except IllegalMove as refusal:
            self.refusal = str(refusal)
            return
        if target is not None and target != self.state:
            comes_anew = target.comes_anew(self.state)
            self.state = type(target).model_validate_json(target.model_dump_json())
            self.commands = list(target.next_commands()) if comes_anew else []

    def _come_into(self, state: ProcessManager | None, allowed: Sequence[str]) -> None:
        self._come_to_nothing()
        if state is None:
            return
        if state.status not in allowed:
            self._fail(f"it begins in {state.status!r}", f"it may begin in {', '.join(allowed)}")
        self.state = type(state).model_validate_json(state.model_dump_json())
        self.commands = list(state.next_commands())

    def _come_to_nothing(self) -> None:
        self.commands, self.refusal = [], ""

    def _fail(self, *lines: str) -> NoReturn:
        happened = "\n".join(f"  {line}" for line in self.story)
        raise StoryFailed("\n".join([f"{self.type.__name__}, to which happened:", happened, *lines]))


@dataclass
class Rows:
    """The rows of a projector, folded in memory."""

    projector: RowProjector
    rows: dict[Any, Model | None] = field(default_factory=dict)
    position: int = 0

    def when(self, *events: Event) -> "Rows":
        """The events happen, one behind the other in the log."""
        for event in events:
            self.position += 1
            self.projector.fold([_recorded(event, self.position)], self.rows)
        return self

    def then(self, key: Any, **fields: Any) -> "Rows":
        """There is a row with this key, and these fields of it have these values."""
        row = self.rows.get(key)
        if row is None:
            raise StoryFailed(f"there is no row {key!r}, but {[one for one, row in self.rows.items() if row]!r}")
        wrong = {name: getattr(row, name) for name, value in fields.items() if getattr(row, name) != value}
        if wrong:
            raise StoryFailed(f"expected {fields!r} of row {key!r}; it has {wrong!r}")
        return self

    def then_no(self, key: Any) -> "Rows":
        """There is no row with this key."""
        if self.rows.get(key) is not None:
            raise StoryFailed(f"there is a row {key!r}: {self.rows[key]!r}")
        return self


def _recorded(event: Event, position: int) -> Recorded:
    contract, identifier = event.__contract__, uuid7()
    return Recorded(
        id=identifier,
        position=position,
        stream=None,
        version=None,
        type=contract.name,
        schema_version=contract.version,
        data=event.encode(),
        tenant="",
        correlation_id=identifier,
        cause_kind="",
        cause_id=None,
        metadata="{}",
        occurred_at=clock.now(),
    )
