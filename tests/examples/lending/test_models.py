"""Rules that the database holds."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from opsconsole.examples.lending.models import (
    Account,
    Asset,
    AssetValue,
    Company,
    Deal,
    DealParty,
    LateFee,
    ProductBalance,
)
from opsconsole.examples.lending.models.deal import DEAL
from opsconsole.kernel.identifiers import uuid7
from tests.examples.lending import builders

pytestmark = pytest.mark.django_db

DAY = date(2026, 3, 1)


class World:
    """One of each."""

    def __init__(self) -> None:
        self.lender, self.borrower = builders.company("Aurora"), builders.company()
        self.asset = builders.asset(self.lender, self.borrower, values={DAY: "10"})
        self.deal = builders.deal((self.lender, "lender"), (self.borrower, "borrower"))
        self.product = builders.product(self.deal, self.asset, balances={DAY: "10"})


@pytest.fixture
def world() -> World:
    return World()


def late_fee(world: World, **fields: Any) -> LateFee:
    given = {"payer": world.borrower, "amount": Decimal(1), "event_id": uuid7(), "on": DAY, "product": world.product}
    return LateFee.objects.create(**(given | fields))


BROKEN: dict[str, Callable[[World], Any]] = {
    "lending_company_name": lambda w: builders.company("AURORA"),
    "lending_company_balance": lambda w: Company.objects.update(balance=-1),
    "lending_account_number": lambda w: [builders.account(w.lender, number="1") for _ in range(2)],
    "lending_account_balance": lambda w: builders.account(w.lender, balance=-1),
    "lending_asset_parties": lambda w: builders.asset(w.lender, w.lender),
    "lending_asset_balance": lambda w: Asset.objects.update(balance=-1),
    "lending_assetvalue_once": lambda w: AssetValue.objects.create(asset=w.asset, on=DAY, value=1),
    "lending_assetvalue_value": lambda w: AssetValue.objects.create(asset=w.asset, on=date(2026, 3, 2), value=0),
    "lending_deal_status": lambda w: Deal.objects.update(status="lost"),
    "lending_deal_line": lambda w: Deal.objects.update(product_line="magic"),
    "lending_deal_tier": lambda w: Deal.objects.update(rating_tier="Z"),
    "lending_dealparty_once": lambda w: DealParty.objects.create(deal=w.deal, company=w.lender, role="lender"),
    "lending_dealparty_role": lambda w: DealParty.objects.create(deal=w.deal, company=w.lender, role="thief"),
    "lending_productbalance_once": lambda w: ProductBalance.objects.create(product=w.product, on=DAY, outstanding=1),
    "lending_productbalance_outstanding": lambda w: ProductBalance.objects.update(outstanding=-1),
    "lending_latefee_once": lambda w: [late_fee(w) for _ in range(2)],
    "lending_latefee_outcome": lambda w: late_fee(w, reason="why not"),
}


@pytest.mark.parametrize("constraint", BROKEN)
def test_the_database_refuses_what_cannot_be(world: World, constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        BROKEN[constraint](world)


@pytest.mark.parametrize(
    "fields",
    [{"payer": None}, {"amount": None}, {"amount": Decimal(-1)}, {"payer": None, "amount": None}],
    ids=["no payer", "no amount", "below zero", "no reason"],
)
def test_a_late_fee_has_payer_and_amount_or_the_reason_for_none(world: World, fields: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="lending_latefee_outcome"), transaction.atomic():
        late_fee(world, **fields)


def test_every_constraint_is_tried() -> None:
    from django.apps import apps

    constraints = {one.name for model in apps.get_app_config("lending").get_models() for one in model._meta.constraints}
    assert constraints == set(BROKEN)


@pytest.mark.parametrize("source", DEAL.states)
@pytest.mark.parametrize("target", DEAL.states)
def test_a_deal_moves_only_along_its_lifecycle(world: World, source: str, target: str) -> None:
    Deal.objects.update(status=source)
    assert DEAL.move(Deal.objects.all(), target) == (target in DEAL.moves[source])


def test_what_is_in_use_cannot_be_removed(world: World) -> None:
    builders.account(world.lender)
    for row in (world.lender, world.asset, world.deal):
        with pytest.raises(ProtectedError):
            row.delete()
    assert Account.objects.exists()
