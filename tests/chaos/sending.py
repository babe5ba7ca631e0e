"""Sends the work of a chaos test from a process of its own: `python -m tests.chaos.sending record 1500`."""

import sys

import django

django.setup()

from django.db import transaction  # noqa: E402

from opsconsole.engine import emit, send, send_batch  # noqa: E402
from opsconsole.engine.outbox import Outbox  # noqa: E402
from opsconsole.kernel.tracing import Cause  # noqa: E402
from tests.handlers_app import messages  # noqa: E402


@transaction.atomic
def record(count: int, milliseconds: int = 0) -> None:
    """So many commands with one effect each."""
    outbox = Outbox(Cause())
    for number in range(count):
        outbox.plan_command(messages.Record(number=number, milliseconds=milliseconds))
    outbox.write()


def poison(count: int) -> None:
    """One command that kills its worker, first of so many innocent ones."""
    with transaction.atomic():
        send(messages.KillWorker())
        record(count)


def poison_outside(count: int) -> None:
    """One that kills its worker among so many that run on threads at the same time."""
    commands = [messages.KillWorkerOutside(is_deadly=number == 2, milliseconds=20) for number in range(count)]
    send_batch(commands, name="outside")


def fatal(count: int) -> None:
    """One event whose reaction kills its worker, among so many innocent ones."""
    with transaction.atomic():
        for number in range(count):
            emit(messages.Fatal(is_deadly=number == 3, number=number))


def wait(text: str) -> None:
    """A command that runs until the ledger holds this text."""
    send(messages.Wait(text=text))


if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    globals()[name](*[int(word) if word.isdigit() else word for word in arguments])
