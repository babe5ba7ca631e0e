"""What the lending back office is asked to do, on pages that have a permission each."""

import datetime
from collections import Counter
from typing import Self
from uuid import UUID

from pydantic import Field, model_validator

from opsconsole.engine import Command
from opsconsole.examples.lending.events import Destination, Part, SourceKind
from opsconsole.kernel.identifiers import uuid7


class Source(Part):
    """An asset or a company whose balance is to be granted."""

    kind: SourceKind
    id: UUID


class GrantBalances(Command, name="lending.grant_balances", internal=True):
    """Grant balances of sources, drawn upon in the order given, to accounts. A grant happens once."""

    grant: UUID = Field(default_factory=uuid7)
    author: str = Field(min_length=1, max_length=150)
    sources: tuple[Source, ...] = Field(min_length=1)
    destinations: tuple[Destination, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_each_source_once(self) -> Self:
        (source, times), *_ = Counter(self.sources).most_common(1)
        if times > 1:
            raise ValueError(f"the source {source.id} is named {times} times, and has its balance only once")
        return self


class ChargeLateFee(Command, name="lending.charge_late_fee", internal=True):
    """Charge a product the fee of a business date for which it was not charged: somebody has mended the reason."""

    product: UUID
    on: datetime.date
