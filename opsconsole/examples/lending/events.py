"""What happens in the lending back office, and in which streams it is kept."""

import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from opsconsole.engine import Event
from opsconsole.examples.lending.amounts import Amount, PositiveAmount

SourceKind = Literal["asset", "company"]


class Part(BaseModel):
    """Base of what messages are made of."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Party(Part):
    """A company in a deal."""

    company: UUID
    role: str


class Draw(Part):
    """What a source gives."""

    kind: SourceKind
    id: UUID
    amount: PositiveAmount


class Destination(Part):
    """An account of a company, and what it is to have."""

    company: UUID
    account: UUID
    amount: PositiveAmount


class SystemCycled(Event, name="lending.system_cycled"):
    """A business date has begun."""

    date: datetime.date


class CompanyJoinedDeal(Event, name="lending.company_joined_deal"):
    """In the stream of the company: there is another deal to look for."""

    company: UUID
    deal: UUID


class DealTold(Event):
    """Base: how a deal stands, all of it."""

    deal: UUID
    product_line: str
    rating_tier: str
    parties: tuple[Party, ...]
    is_activated: bool = False


class DealCreated(DealTold, name="lending.deal_created"):
    pass


class DealUpdated(DealTold, name="lending.deal_updated"):
    pass


class DealActivated(Event, name="lending.deal_activated"):
    deal: UUID


class DealDeleted(Event, name="lending.deal_deleted"):
    deal: UUID


class AssetValued(Event, name="lending.asset_valued"):
    """From a date on, until the next one, an asset is worth so much; a second one for the same date corrects it."""

    asset: UUID
    on: datetime.date
    value: PositiveAmount


class BalanceAdded(Event, name="lending.balance_added"):
    """There is more to grant."""

    kind: SourceKind
    id: UUID
    amount: PositiveAmount


class BalancesGranted(Event, name="lending.balances_granted"):
    """Alone in the stream of its grant."""

    grant: UUID
    author: str
    sources: tuple[Draw, ...]
    destinations: tuple[Destination, ...]

    @property
    def total(self) -> Decimal:
        return sum((destination.amount for destination in self.destinations), Decimal(0))


class LateFeeIncurred(Event, name="lending.late_fee_incurred"):
    """A balance was outstanding on a business date. `value` is what the asset was worth, `amount` what is owed."""

    product: UUID
    deal: UUID
    asset: UUID
    payer: UUID
    on: datetime.date
    value: PositiveAmount
    rate: Decimal
    amount: Amount


class LateFeeNotCharged(Event, name="lending.late_fee_not_charged"):
    """A balance was outstanding, and yet nobody owes a fee for it: somebody should look at the product."""

    product: UUID
    on: datetime.date
    reason: str


def stream_of_company(company: UUID) -> str:
    return f"lending.company-{company}"


def stream_of_grant(grant: UUID) -> str:
    return f"lending.grant-{grant}"


def stream_of_product(product: UUID) -> str:
    return f"lending.product-{product}"
