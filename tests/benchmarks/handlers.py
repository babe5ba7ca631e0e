"""The messages that are measured, and what handles them."""

import time

from opsconsole.engine import Command, Event, handles, reacts_to
from opsconsole.engine.work import Reacting, Work
from tests.benchmarks.models import Ledger, Start

PARKED = "bench_parked"  # no worker of a benchmark drains this queue


class WriteLedger(Command, name="bench.write_ledger"):
    number: int
    text: str


class NoteStart(Command, name="bench.note_start"):
    number: int


class Park(Command, name="bench.park", queue=PARKED):
    number: int
    text: str


class Happened(Event, name="bench.happened"):
    number: int
    text: str


@handles(WriteLedger)
def write_ledger(command: WriteLedger, work: Work) -> None:
    Ledger._default_manager.create(number=command.number, text=command.text)


@handles(NoteStart)
def note_start(command: NoteStart, work: Work) -> None:
    Start._default_manager.create(number=command.number, at=time.monotonic())


@handles(Park)
def park(command: Park, work: Work) -> None:
    raise AssertionError("no worker of a benchmark drains this queue")


@reacts_to(Happened)
def park_a_command(event: Happened, work: Reacting) -> None:
    work.send(Park(number=event.number, text=event.text))
