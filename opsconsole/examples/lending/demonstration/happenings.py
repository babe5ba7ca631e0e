"""What happens by itself in the demonstration, most of it good, some of it not."""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

from django.db import transaction

from opsconsole.engine import send
from opsconsole.examples.lending import dealing
from opsconsole.examples.lending.business_date import today
from opsconsole.examples.lending.commands import GrantBalances, Source
from opsconsole.examples.lending.demonstration.world import DEALS
from opsconsole.examples.lending.events import Destination
from opsconsole.examples.lending.funding import add_balance
from opsconsole.examples.lending.models import Account, Asset, Company, Deal, Product, ProductBalance
from opsconsole.examples.lending.models.deal import ACTIVATED, CREATED
from opsconsole.examples.lending.roles import Role
from opsconsole.examples.lending.valuing import value_asset
from opsconsole.examples.trickling import Happening
from opsconsole.kernel.identifiers import uuid7

AUTHORS = ("ana", "bruno", "clara")
MOST_DEALS = 40  # alive at once
FIRST_DEALS = [reference for reference, *_ in DEALS]


def grant_something(random: Random) -> None:
    _grant(random, share=Decimal(random.randint(1, 10)) / 100)


def grant_too_much(random: Random) -> None:
    _grant(random, share=Decimal("1.5"))


def grant_to_a_closed_account(random: Random) -> None:
    _grant(random, share=Decimal("0.01"), is_active=False)


def add_to_a_balance(random: Random) -> None:
    source = _one_of(random, [*Company.objects.all(), *Asset.objects.all()])
    if source is not None:
        add_balance(source, Decimal(random.randint(1, 20) * 500))


def value_an_asset_anew(random: Random) -> None:
    """By up to two percent; now and then a value of last week is corrected."""
    asset = _one_of(random, Asset.objects.filter(values_over_time__isnull=False).distinct())
    if asset is not None:
        value = asset.values_over_time.order_by("-on").values_list("value", flat=True)[0]
        on = today() - timedelta(days=random.choice((0, 0, 0, random.randint(1, 7))))
        value_asset(asset, on, (value * random.randint(980, 1020) / 1000).quantize(Decimal("0.01")))


def open_a_deal(random: Random) -> None:
    """With a product of an asset between two of its companies."""
    asset = _one_of(random, Asset.objects.select_related("sender", "receiver"))
    if asset is None or Deal.objects.filter(status__in=(CREATED, ACTIVATED)).count() >= MOST_DEALS:
        return
    line = random.choice((Deal.ProductLine.ASSET_LENDING,) * 3 + tuple(Deal.ProductLine))
    with transaction.atomic():
        number = uuid7().hex[-8:]  # nobody else has it, whatever people call their deals
        deal = Deal(reference=f"D-{number}", product_line=line, rating_tier=random.choice(Deal.RatingTier.values))
        dealing.open_deal(deal, [(asset.sender, Role.LENDER), (asset.receiver, Role.BORROWER)])
        product = Product.objects.create(code=f"P-{number}-1", deal=deal, asset=asset)
        _owe(product, random.randint(10, 300) * 100)


def activate_a_deal(random: Random) -> None:
    deal = _one_of(random, Deal.objects.filter(status=CREATED))
    if deal is not None:
        dealing.activate(deal.pk)


def rate_a_deal_anew(random: Random) -> None:
    deal = _one_of(random, Deal.objects.filter(status__in=(CREATED, ACTIVATED)))
    if deal is not None:
        with transaction.atomic():
            Deal.objects.filter(pk=deal.pk).update(rating_tier=random.choice(Deal.RatingTier.values))
            dealing.announce(deal.pk)


def delete_a_deal(random: Random) -> None:
    """Never the first ones; what was outstanding is settled."""
    living = Deal.objects.filter(status__in=(CREATED, ACTIVATED))
    deal = _one_of(random, living.exclude(reference__in=FIRST_DEALS))
    if deal is not None:
        with transaction.atomic():
            dealing.delete(deal.pk)
            for product in deal.products.all():
                _owe(product, 0)


def pay_something_off(random: Random) -> None:
    owing = Product.objects.outstanding_on(today())
    product = _one_of(random, owing.exclude(deal__reference__in=FIRST_DEALS))
    if product is not None:
        _owe(product, product.outstanding * random.randint(0, 9) // 10)


HAPPENINGS = (
    Happening(4.0, grant_something),
    Happening(0.3, grant_too_much),
    Happening(0.2, grant_to_a_closed_account),
    Happening(0.6, add_to_a_balance),
    Happening(0.6, value_an_asset_anew),
    Happening(0.1, open_a_deal),
    Happening(0.1, activate_a_deal),
    Happening(0.4, rate_a_deal_anew),
    Happening(0.05, delete_a_deal),
    Happening(0.5, pay_something_off),
)


def _grant(random: Random, *, share: Decimal, is_active: bool = True) -> None:
    """Ask for a share of what a source holds."""
    source = _one_of(random, [*Company.objects.filter(balance__gt=0), *Asset.objects.filter(balance__gt=0)])
    account = _one_of(random, Account.objects.filter(is_active=is_active))
    if source is None or account is None:
        return
    amount = max(Decimal("0.01"), (source.balance * share).quantize(Decimal("0.01")))
    kind = "asset" if isinstance(source, Asset) else "company"
    send(
        GrantBalances(
            author=random.choice(AUTHORS),
            sources=(Source(kind=kind, id=source.pk),),
            destinations=(Destination(company=account.company_id, account=account.pk, amount=amount),),
        )
    )


def _owe(product: Product, outstanding: Decimal | int) -> None:
    """From today on."""
    ProductBalance.objects.update_or_create(product=product, on=today(), defaults={"outstanding": outstanding})


def _one_of(random: Random, rows: Iterable[Any]) -> Any:
    found = list(rows)
    return random.choice(found) if found else None
