"""What follows the log while it is measured: a projection, and a process that answers with a command."""

from collections.abc import Iterator
from typing import Any, Self

from opsconsole.engine import Command, Event
from opsconsole.streams.processes import ProcessManager, begins_with
from opsconsole.streams.projectors import RowProjector, projects
from tests.benchmarks.handlers import NoteStart
from tests.benchmarks.models import Balance

PROJECTION = "bench.balances"


class Moved(Event, name="bench.moved"):
    account: int
    amount: int
    text: str


class Asked(Event, name="bench.asked"):
    number: int


class Balances(RowProjector, name=PROJECTION, models=[Balance]):
    @projects(Moved, row=lambda event: event.account)
    def moved(self, row: Balance, event: Moved, recorded: Any) -> None:
        row.amount += event.amount
        row.moves += 1


class Answering(ProcessManager, name="bench.answering", moves={"asked": set()}):
    number: int

    def subject(self) -> str:
        return str(self.number)

    @begins_with(Asked)
    @classmethod
    def asked(cls, event: Asked) -> Self:
        return cls(status="asked", number=event.number)

    def next_commands(self) -> Iterator[Command]:
        yield NoteStart(number=self.number)
