"""What one writer does again and again, in a small transaction each time: a function that prepares, and returns it."""

from collections.abc import Callable
from itertools import count
from uuid import uuid4

from django.db import connection, transaction

from opsconsole.engine import send
from opsconsole.streams import append
from tests.benchmarks.accounts import Account, Deposited
from tests.benchmarks.handlers import Park
from tests.benchmarks.load import TEXT

Write = Callable[[], object]


def commands() -> Write:
    numbers = count()
    connection.ensure_connection()

    def write_one() -> None:
        with transaction.atomic():
            send(Park(number=next(numbers), text=TEXT))

    return write_one


def appends(events: int = 1) -> Write:
    """Events at the end of a stream of its own, at the version that the writer knows."""
    stream, version = Account.stream(uuid4()), 0

    def write_one() -> None:
        nonlocal version
        with transaction.atomic():
            version = append(stream, *(Deposited(amount=1, text=TEXT) for _ in range(events)), expected=version)

    write_one()
    return write_one


def rival_appends(events: int = 1) -> Write:
    """The same with eventsourcing: an aggregate in memory, whose new events are saved at the version that it knows."""
    from tests.benchmarks.rivals import eventsourcing

    bank = eventsourcing.bank()
    account = eventsourcing.Account()
    bank.save(account)

    def write_one() -> None:
        for _ in range(events):
            account.deposit(amount=1, text=TEXT)
        bank.save(account)

    write_one()
    return write_one
