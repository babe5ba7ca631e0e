"""A process to play with: an order is paid, then shipped, or given up."""

from datetime import timedelta
from typing import Self

from opsconsole.engine import Command, Event, handles
from opsconsole.streams.processes import ProcessManager, begins_with, if_still, moves_on


class OrderPlaced(Event, name="tests.order_placed"):
    order: str
    amount: int = 1


class OrderPaid(Event, name="tests.order_paid"):
    order: str = ""


class OrderShipped(Event, name="tests.order_shipped"):
    order: str


class Collect(Command, name="tests.collect"):
    order: str
    amount: int


class Ship(Command, name="tests.ship"):
    order: str


handles(Collect)(lambda command, work: None)
handles(Ship)(lambda command, work: None)


class Order(
    ProcessManager,
    name="tests.order",
    moves={
        "placed": {"paid", "late"},
        "late": {"paid", "given up"},
        "paid": {"shipped"},
        "shipped": set(),
        "given up": set(),
    },
):
    order: str
    amount: int
    reminders: int = 0

    def subject(self) -> str:
        return self.order

    @begins_with(OrderPlaced)
    @classmethod
    def placed(cls, event: OrderPlaced) -> Self | None:
        return cls(status="placed", order=event.order, amount=event.amount) if event.amount else None

    @moves_on(OrderPaid)
    def paid(self, event: OrderPaid) -> Self:
        return self.to("paid")

    @moves_on(OrderShipped, subject=lambda event: event.order)
    def shipped(self, event: OrderShipped) -> Self:
        return self.to("shipped")

    @if_still("placed", after=timedelta(seconds=30))
    def late(self) -> Self:
        return self.to("late", reminders=self.reminders + 1)

    def next_commands(self):
        match self.status:
            case "placed" | "late":
                yield Collect(order=self.order, amount=self.amount)
            case "paid":
                yield Ship(order=self.order)
