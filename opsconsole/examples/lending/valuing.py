"""What assets are worth: the row says what we believe now, the stream what was believed when."""

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from opsconsole.engine.models import Event, Stream
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


def value_at(asset: UUID, on: date, *, position: int | None = None) -> Decimal | None:
    """What an asset was worth on a date, by what was known at a position of the log, or by what is known now."""
    return load(AssetHistory, asset, as_of_position=position).state.value_on(on)


def values_at(assets: Collection[UUID], on: date, *, position: int) -> dict[UUID, Decimal]:
    """The same of many assets; those without a value are left out.

    Of all assets of which nothing was said since, the rows tell it. They are looked at first, so that what is said
    between the two looks is found by the second.
    """
    rows = AssetValue.objects.filter(asset__in=assets, on__lte=on).order_by("asset_id", "-on").distinct("asset_id")
    values: dict[UUID, Decimal | None] = dict(rows.values_list("asset_id", "value"))
    values |= {asset: value_at(asset, on, position=position) for asset in _valued_since(assets, position)}
    return {asset: value for asset, value in values.items() if value is not None}


def _valued_since(assets: Collection[UUID], position: int) -> list[UUID]:
    """Those whose last event is behind a position of the log, or too new to have one."""
    streams = {AssetHistory.stream(asset): asset for asset in assets}
    last = Event.objects.filter(stream=OuterRef("pk"), version=OuterRef("version"))
    since = last.filter(Q(position__gt=position) | Q(position=None))
    changed = Stream.objects.filter(Exists(since), pk__in=streams).values_list("pk", flat=True)
    return [streams[stream] for stream in changed]
