"""The demonstration loads and trickles."""

from datetime import date
from random import Random
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.testing import emitted, run_until_idle
from opsconsole.examples.lending.business_date import today
from opsconsole.examples.lending.demonstration.happenings import (
    HAPPENINGS,
    delete_a_deal,
    open_a_deal,
    pay_something_off,
)
from opsconsole.examples.lending.demonstration.world import build_world
from opsconsole.examples.lending.events import LateFeeIncurred, LateFeeNotCharged
from opsconsole.examples.lending.membership import Membership
from opsconsole.examples.lending.models import Company, Deal, FeesOwed, Grant, Product
from opsconsole.examples.trickling import Happening
from opsconsole.schedules.testing import begin
from opsconsole.streams import load
from tests.examples.lending import builders

pytestmark = pytest.mark.usefixtures("back_office")


def test_loading_it_twice_changes_nothing() -> None:
    for _ in range(2):
        call_command("load_lending_demo")
    assert (Company.objects.count(), Deal.objects.count(), Product.objects.count()) == (6, 4, 5)
    events = StoredEvent.objects.count()
    call_command("load_lending_demo")
    assert StoredEvent.objects.count() == events


def test_its_first_business_date_charges_who_owes_and_tells_where_nobody_does() -> None:
    call_command("load_lending_demo")
    begin("lending.daily_cycle")
    run_until_idle()
    charged = {Product.objects.get(pk=event.product).code: str(event.amount) for event in emitted(LateFeeIncurred)}
    assert charged == {"P-1001-1": "619.25", "P-1002-1": "327.63", "P-1003-1": "199.35"}
    (silent,) = emitted(LateFeeNotCharged)
    assert Product.objects.get(pk=silent.product).code == "P-1004-1"
    owed = {row.company.name: str(row.amount) for row in FeesOwed.objects.select_related("company")}
    assert owed["Vento Norte Energia"] == "619.25"


def test_its_members_are_those_of_the_product_line() -> None:
    build_world(date(2026, 3, 1))
    tiers = {company.name: load(Membership, company.pk).state.rating_tier for company in Company.objects.all()}
    assert tiers == {
        "Banco Aurora": "D",
        "Crédito Serra Azul": "B",
        "Vento Norte Energia": "A",
        "Metalúrgica Baía Clara": "D",
        "Agro Vale Verde": "D",
        "Seguradora Horizonte": "A",
    }


@pytest.mark.parametrize("happening", HAPPENINGS, ids=lambda happening: happening.occur.__name__)
def test_everything_may_happen_before_there_is_anything(happening: Happening) -> None:
    happening.occur(Random(1))
    assert not StoredEvent.objects.exists()


def test_everything_that_may_happen_leaves_something_behind() -> None:
    build_world(today())
    random = Random(1)
    for happening in HAPPENINGS * 3:
        happening.occur(random)
        run_until_idle()
    statuses = list(StoredCommand.objects.filter(type="lending.grant_balances").values_list("status", flat=True))
    assert (statuses.count("success"), statuses.count("error")) == (3, 6)
    assert Grant.objects.count() == 3
    types = set(StoredEvent.objects.values_list("type", flat=True))
    assert types >= {
        f"lending.{name}"
        for name in ("deal_updated", "deal_activated", "deal_deleted", "asset_valued", "balance_added")
    }


def test_deals_do_not_grow_without_end(monkeypatch: Any) -> None:
    build_world(today())
    monkeypatch.setattr("opsconsole.examples.lending.demonstration.happenings.MOST_DEALS", 6)
    for _ in range(5):
        open_a_deal(Random(1))
    assert Deal.objects.count() == 6


def test_a_deal_whatever_it_is_called_can_be_paid_off_and_deleted_but_never_a_first_one() -> None:
    build_world(today())
    Deal.objects.exclude(reference="D-1001").update(status="deleted")
    new = builders.late_product(balances={today(): "900"})
    Deal.objects.filter(pk=new.deal_id).update(reference="D-10000")
    for product in Product.objects.exclude(pk=new.pk):
        product.balances.all().delete()
    pay_something_off(Random(1))
    assert new.balances.get().outstanding < 900
    for _ in range(3):
        delete_a_deal(Random(1))
    assert list(Deal.objects.exclude(status="deleted").values_list("reference", flat=True)) == ["D-1001"]


def test_a_deal_is_opened_whatever_others_are_called() -> None:
    build_world(today())
    for number in range(1001, 1010):
        Deal.objects.get_or_create(reference=f"D-{number}", defaults={"rating_tier": "A"})
    before = Deal.objects.count()
    Deal.objects.filter(reference="D-1005").delete()
    for _ in range(2):
        open_a_deal(Random(1))
    assert Deal.objects.count() == before + 1


def test_a_rate_of_nothing_is_refused() -> None:
    with pytest.raises(CommandError, match="above 0"):
        call_command("lending_demo", "--rate", "0")
