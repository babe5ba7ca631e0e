"""Small lending worlds for tests."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any

from opsconsole.examples.lending.commands import GrantBalances, Source
from opsconsole.examples.lending.dealing import open_deal
from opsconsole.examples.lending.events import Destination
from opsconsole.examples.lending.models import Account, Asset, Company, Deal, Product, ProductBalance
from opsconsole.examples.lending.valuing import value_asset

LONG_AGO = date(2026, 1, 1)

_numbers = count(1)


def company(name: str = "", **fields: Any) -> Company:
    return Company.objects.create(name=name or f"Companhia {next(_numbers)}", **fields)


def account(owner: Company, **fields: Any) -> Account:
    return Account.objects.create(company=owner, number=fields.pop("number", f"{next(_numbers):04}-1"), **fields)


def asset(sender: Company, receiver: Company, *, values: Mapping[date, str] | None = None, **fields: Any) -> Asset:
    """Worth what `values` say from each date on."""
    name = fields.pop("name", f"Turbine {next(_numbers)}")
    new = Asset.objects.create(name=name, sender=sender, receiver=receiver, **fields)
    for on, value in (values or {}).items():
        value_asset(new, on, Decimal(value))
    return new


def deal(*parties: tuple[Company, str], **fields: Any) -> Deal:
    """Created and announced."""
    defaults = {"reference": f"D-{next(_numbers)}", "rating_tier": "B"}
    return open_deal(Deal(**(defaults | fields)), parties)


def product(of: Deal, what: Asset, *, balances: Mapping[date, str] | None = None, **fields: Any) -> Product:
    """With so much outstanding from each date on; with 100.00 for a long time already, if nothing is said."""
    new = Product.objects.create(deal=of, asset=what, code=fields.pop("code", f"P-{next(_numbers)}"), **fields)
    for on, outstanding in ({LONG_AGO: "100.00"} if balances is None else balances).items():
        ProductBalance.objects.create(product=new, on=on, outstanding=Decimal(outstanding))
    return new


def late_product(*, value: str = "1000.00", **fields: Any) -> Product:
    """A product of its own deal and asset, with a borrower who has the asset."""
    lender, borrower = company(), company()
    lent = asset(lender, borrower, values={LONG_AGO: value})
    return product(deal((lender, "lender"), (borrower, "borrower")), lent, **fields)


def source(row: Asset | Company) -> Source:
    return Source(kind="asset" if isinstance(row, Asset) else "company", id=row.pk)


def destination(to: Account, amount: str) -> Destination:
    return Destination(company=to.company_id, account=to.pk, amount=Decimal(amount))


def grant(*sources: Asset | Company, to: list[Destination], **fields: Any) -> GrantBalances:
    return GrantBalances(
        author=fields.pop("author", "ana"), sources=tuple(map(source, sources)), destinations=tuple(to), **fields
    )
