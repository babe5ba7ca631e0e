"""An aggregate, as simple as the rival's."""

from opsconsole.engine import Event
from opsconsole.streams import Aggregate, applies


class Deposited(Event, name="bench.deposited"):
    amount: int
    text: str


class Account(Aggregate, category="bench.account"):
    balance: int = 0

    @applies(Deposited)
    def deposited(self, event: Deposited) -> "Account":
        return self.with_(balance=self.balance + event.amount)


class KeptAccount(Aggregate, category="bench.kept_account", snapshot_every=100):
    balance: int = 0

    @applies(Deposited)
    def deposited(self, event: Deposited) -> "KeptAccount":
        return self.with_(balance=self.balance + event.amount)
