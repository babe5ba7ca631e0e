"""Late fees: what is owed for a business date, and by whom."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from uuid import UUID

from opsconsole.examples.lending.amounts import in_cents
from opsconsole.examples.lending.configuration import lending_settings
from opsconsole.examples.lending.events import LateFeeIncurred, LateFeeNotCharged
from opsconsole.examples.lending.models import LateFee, Product
from opsconsole.examples.lending.models.product import Products
from opsconsole.examples.lending.valuing import value_at, values_at

Outcome = LateFeeIncurred | LateFeeNotCharged

PAGE = 500  # products looked at together


def fees_for(on: date, *, position: int) -> Iterator[Outcome]:
    """What becomes of each product with an outstanding balance on a date, unless something became of it before.

    Assets are worth what was known at `position`: of the event that says that the date has begun.
    """
    dealt_with = LateFee.objects.filter(on=on).values("product")
    for products in _pages(Product.objects.outstanding_on(on).exclude(pk__in=dealt_with)):
        values = values_at({product.asset_id for product in products}, on, position=position)
        for product in products:
            yield outcome(product, on, values.get(product.asset_id))


def outcome(product: Product, on: date, value: Decimal | None) -> Outcome:
    """A fee for a date on which the product's asset was worth so much, or why there is none."""
    settings = lending_settings()
    payer = payer_of(product, settings.payer_role)
    if payer is None:
        reason = f"no {settings.payer_role} of its deal is sender or receiver of its asset"
        return LateFeeNotCharged(product=product.pk, on=on, reason=reason)
    if value is None:
        return LateFeeNotCharged(product=product.pk, on=on, reason="its asset had no value on that date")
    return LateFeeIncurred(
        product=product.pk,
        deal=product.deal_id,
        asset=product.asset_id,
        payer=payer,
        on=on,
        value=value,
        rate=settings.daily_rate,
        amount=fee(value, settings.daily_rate),
    )


def outcome_now(product: UUID, on: date) -> Outcome:
    """What becomes of one product, by what is known now."""
    found = Product.objects.outstanding_on(on).select_related("asset").filter(pk=product).first()
    if found is None:
        return LateFeeNotCharged(product=product, on=on, reason="nothing was outstanding on that date")
    return outcome(found, on, value_at(found.asset_id, on))


def fee(value: Decimal, daily_rate: Decimal) -> Decimal:
    """The fee for a day, in whole cents, half a cent up."""
    return in_cents(value * daily_rate)


def payer_of(product: Product, role: str) -> UUID | None:
    """The company of the deal in this role that is also receiver, or else sender, of the asset."""
    companies = {party.company_id for party in product.deal.parties.all() if party.role == role}
    ends = (product.asset.receiver_id, product.asset.sender_id)
    return next((company for company in ends if company in companies), None)


def record_of(charged: Outcome, event_id: UUID) -> LateFee:
    """The row that keeps it from being charged again; not stored yet."""
    row = LateFee(product_id=charged.product, on=charged.on, event_id=event_id)
    if isinstance(charged, LateFeeIncurred):
        row.payer_id, row.amount = charged.payer, charged.amount
    else:
        row.reason = charged.reason
    return row


def _pages(products: Products) -> Iterator[list[Product]]:
    """By their keys. They are locked: what is charged is still there when the fee is stored."""
    chosen = products.select_related("asset").prefetch_related("deal__parties").order_by("pk")
    locked = chosen.select_for_update(of=("self",), no_key=True)
    last = UUID(int=0)
    while page := list(locked.filter(pk__gt=last)[:PAGE]):
        yield page
        last = page[-1].pk
