"""What assets are worth: the row says what we believe now, the stream what was believed when."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from opsconsole.examples.lending.events import AssetValued
from opsconsole.examples.lending.models import Asset, AssetValue
from opsconsole.streams import Aggregate, applies, decide, load


class AssetHistory(Aggregate, category="lending.asset", snapshot_every=100):
    """The values of an asset, by the date from which each is true."""

    values: dict[date, Decimal] = {}

    @applies(AssetValued)
    def valued(self, event: AssetValued) -> "AssetHistory":
        return self.with_(values={**self.values, event.on: event.value})

    def value_on(self, day: date) -> Decimal | None:
        """What it was worth on a date; None when nobody had valued it by then."""
        return self.values.get(max((on for on in self.values if on <= day), default=day))

    def value(self, asset: UUID, on: date, value: Decimal) -> AssetValued | None:
        """Nothing, when that is what is believed already."""
        return AssetValued(asset=asset, on=on, value=value) if self.values.get(on) != value else None


@transaction.atomic
def value_asset(asset: Asset, on: date, value: Decimal) -> None:
    """Have an asset be worth so much from a date on."""
    AssetValue.objects.update_or_create(asset=asset, on=on, defaults={"value": value})
    decide(AssetHistory, asset.pk, lambda history: history.value(asset.pk, on, value), source=asset)


def value_at(asset: UUID, on: date, *, position: int) -> Decimal | None:
    """What an asset was worth on a date, by what was known at a position of the log."""
    return load(AssetHistory, asset, as_of_position=position).state.value_on(on)
