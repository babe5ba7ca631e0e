"""What the admin shows of the log."""

from typing import Any

from opsconsole.examples.lending.events import BalancesGranted, LateFeeIncurred
from opsconsole.examples.lending.models import FeesOwed, Grant
from opsconsole.streams import Recorded, RowProjector, projects


class FeesOwedByCompany(RowProjector, name="lending.fees_owed", models=[FeesOwed]):
    @projects(LateFeeIncurred, row=lambda event: event.payer)
    def incurred(self, row: FeesOwed, event: LateFeeIncurred, recorded: Recorded) -> None:
        row.amount += event.amount
        row.count += 1
        row.last_on = max(row.last_on or event.on, event.on)


class GrantsMade(RowProjector, name="lending.grants", models=[Grant]):
    @projects(BalancesGranted, row=lambda event: event.grant)
    def granted(self, row: Grant, event: BalancesGranted, recorded: Recorded) -> None:
        row.author, row.total = event.author, event.total
        row.sources = _listed((f"{one.kind} {one.id}", one.amount) for one in event.sources)
        row.destinations = _listed((f"account {one.account}", one.amount) for one in event.destinations)
        row.granted_at, row.event_id = recorded.occurred_at, recorded.id


def _listed(parts: Any) -> str:
    return "\n".join(f"{amount} {words}" for words, amount in parts)
