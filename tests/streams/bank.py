"""A bank: its events, and what is folded from them."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction

from opsconsole.engine import Event
from opsconsole.streams import Aggregate, append, applies


class Refused(Exception):
    """What an account says to what it does not do."""


class Deposited(Event, name="bank.deposited"):
    amount: int = 1


class Withdrawn(Event, name="bank.withdrawn", version=2):
    """Version 1 was in euros."""

    cents: int

    @classmethod
    def upcast(cls, payload: dict[str, Any], version: int) -> dict[str, Any]:
        return {"cents": payload["euros"] * 100}


class Closed(Event, name="bank.closed"):
    pass


class Noted(Event, name="bank.noted"):
    """No account says what becomes of it by this."""

    text: str = ""


class Account(Aggregate, category="bank.account", version=2, snapshot_every=10):
    balance: int = 0
    is_closed: bool = False

    @applies(Deposited)
    def deposited(self, event: Deposited) -> "Account":
        return self.with_(balance=self.balance + event.amount)

    @applies(Withdrawn)
    def withdrawn(self, event: Withdrawn) -> "Account":
        return self.with_(balance=self.balance - event.cents)

    @applies(Closed)
    def closed(self, event: Closed) -> "Account":
        return self.with_(is_closed=True)

    def withdraw(self, cents: int) -> Withdrawn:
        if self.is_closed:
            raise Refused("the account is closed")
        if cents > self.balance:
            raise Refused(f"{cents} is more than there is: {self.balance}")
        return Withdrawn(cents=cents)

    def close(self) -> Iterable[Event]:
        if self.balance:
            yield Withdrawn(cents=self.balance)
        yield Closed()


class Ledger(Aggregate, category="bank.ledger"):
    """What two accounts did, in the order in which they did it."""

    amounts: tuple[int, ...] = ()

    @classmethod
    def streams(cls, key: Any) -> Sequence[str]:
        return [Account.stream(f"{key}-{side}") for side in ("left", "right")]

    @applies(Deposited)
    def deposited(self, event: Deposited) -> "Ledger":
        return self.with_(amounts=(*self.amounts, event.amount))


def put(stream: str, *events: Event, **options: Any) -> int:
    """Append in a transaction of its own."""
    with transaction.atomic():
        return append(stream, *events, **options)


def deposits(*amounts: int) -> list[Deposited]:
    return [Deposited(amount=amount) for amount in amounts]


def fill(stream: str, count: int) -> None:
    """Deposits of 1, 2, 3 …"""
    put(stream, *deposits(*range(1, count + 1)))
