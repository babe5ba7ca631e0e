"""A few companies, what they lend each other, and what of it is outstanding."""

from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction

from opsconsole.examples.lending import dealing
from opsconsole.examples.lending.dealing import open_deal
from opsconsole.examples.lending.funding import add_balance
from opsconsole.examples.lending.models import Account, Asset, Company, Deal, Product, ProductBalance
from opsconsole.examples.lending.models.deal import ACTIVATED, CREATED
from opsconsole.examples.lending.roles import Role
from opsconsole.examples.lending.valuing import value_asset

# name, what it can grant, numbers of its accounts: in brackets, one that is closed
COMPANIES: tuple[tuple[str, int, tuple[str, ...]], ...] = (
    ("Banco Aurora", 250_000, ("0001-7", "0002-5")),
    ("Crédito Serra Azul", 120_000, ("0101-3",)),
    ("Vento Norte Energia", 0, ("2010-0", "(2011-8)")),
    ("Metalúrgica Baía Clara", 5_000, ("3300-4",)),
    ("Agro Vale Verde", 0, ("4120-6", "4121-4")),
    ("Seguradora Horizonte", 40_000, ("(5009-9)",)),
)

# name, sender, receiver, what can be granted out of it, what it was worth a month and a week ago
ASSETS: tuple[tuple[str, str, str, int, int, int], ...] = (
    ("Wind turbine VN-1", "Banco Aurora", "Vento Norte Energia", 80_000, 1_250_000, 1_238_500),
    ("Wind turbine VN-2", "Banco Aurora", "Vento Norte Energia", 60_000, 1_250_000, 1_241_000),
    ("Rolling mill", "Crédito Serra Azul", "Metalúrgica Baía Clara", 30_000, 640_000, 655_250),
    ("Harvester fleet", "Banco Aurora", "Agro Vale Verde", 25_000, 412_300, 398_700),
    ("Cold store", "Metalúrgica Baía Clara", "Agro Vale Verde", 0, 96_480, 97_120),
)

# reference, product line, rating tier, status, parties
DEALS: tuple[tuple[str, str, str, str, dict[str, Role]], ...] = (
    ("D-1001", "asset_lending", "A", ACTIVATED,
     {"Banco Aurora": Role.LENDER, "Vento Norte Energia": Role.BORROWER, "Seguradora Horizonte": Role.GUARANTOR}),
    ("D-1002", "asset_lending", "B", ACTIVATED,
     {"Crédito Serra Azul": Role.LENDER, "Metalúrgica Baía Clara": Role.BORROWER}),
    ("D-1003", "leasing", "C", ACTIVATED, {"Banco Aurora": Role.LENDER, "Agro Vale Verde": Role.BORROWER}),
    ("D-1004", "asset_lending", "D", CREATED,
     {"Metalúrgica Baía Clara": Role.LENDER, "Agro Vale Verde": Role.BROKER, "Banco Aurora": Role.BORROWER}),
)  # fmt: skip

# code, deal, asset, what was outstanding a month and a week ago; of the last one nobody is found who owes its fee
PRODUCTS: tuple[tuple[str, str, str, int, int], ...] = (
    ("P-1001-1", "D-1001", "Wind turbine VN-1", 48_000, 36_000),
    ("P-1001-2", "D-1001", "Wind turbine VN-2", 12_500, 0),
    ("P-1002-1", "D-1002", "Rolling mill", 7_250, 7_250),
    ("P-1003-1", "D-1003", "Harvester fleet", 0, 21_900),
    ("P-1004-1", "D-1004", "Cold store", 3_300, 3_300),
)


@transaction.atomic
def build_world(today: date) -> bool:
    """Build it, unless there is one; returns whether it was built."""
    if Company.objects.exists():
        return False
    days = (today - timedelta(days=30), today - timedelta(days=7))
    companies = {name: _company(name, balance, numbers) for name, balance, numbers in COMPANIES}
    assets = {}
    for name, sender, receiver, balance, *values in ASSETS:
        asset = Asset.objects.create(name=name, sender=companies[sender], receiver=companies[receiver])
        _fund(asset, balance)
        for on, value in zip(days, values, strict=True):
            value_asset(asset, on, Decimal(value))
        assets[name] = asset
    deals = {}
    for reference, line, tier, status, parties in DEALS:
        deal = Deal(reference=reference, product_line=line, rating_tier=tier)
        deals[reference] = open_deal(deal, [(companies[name], role) for name, role in parties.items()])
        if status == ACTIVATED:
            dealing.activate(deal.pk)
    for code, reference, name, *balances in PRODUCTS:
        product = Product.objects.create(code=code, deal=deals[reference], asset=assets[name])
        for on, outstanding in zip(days, balances, strict=True):
            ProductBalance.objects.create(product=product, on=on, outstanding=outstanding)
    return True


def _company(name: str, balance: int, numbers: tuple[str, ...]) -> Company:
    company = Company.objects.create(name=name)
    _fund(company, balance)
    for number in numbers:
        Account.objects.create(company=company, number=number.strip("()"), is_active=not number.startswith("("))
    return company


def _fund(source: Asset | Company, balance: int) -> None:
    if balance:
        add_balance(source, Decimal(balance))
