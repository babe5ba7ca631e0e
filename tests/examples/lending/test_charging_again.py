"""A fee that nobody could be charged is charged once somebody has mended what was in its way."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from opsconsole.engine import send
from opsconsole.engine.models import Attempt, Batch
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.testing import emitted, run_until_idle
from opsconsole.examples.lending.commands import ChargeLateFee
from opsconsole.examples.lending.events import LateFeeIncurred
from opsconsole.examples.lending.models import DealParty, FeesOwed, LateFee, Product, ProductBalance
from opsconsole.examples.lending.valuing import value_asset
from tests.concurrency.races import at_once
from tests.examples.lending import builders
from tests.examples.lending.test_late_fees import MARCH, cycle

pytestmark = pytest.mark.usefixtures("back_office")


@pytest.fixture
def product() -> Product:
    """Without a borrower on the first of March."""
    product = builders.late_product(value="1000.00")
    DealParty.objects.filter(deal=product.deal).delete()
    cycle(MARCH)
    return product


def mend(product: Product) -> None:
    DealParty.objects.create(deal=product.deal, company=product.asset.receiver, role="borrower")


def ended(product: Product) -> tuple[str, str]:
    """How the command to charge it ends, and why."""
    sent = send(ChargeLateFee(product=product.pk, on=MARCH))
    run_until_idle()
    command = StoredCommand.objects.get(pk=sent.id)
    attempt = Attempt.objects.filter(subject_id=sent.id).first()
    return command.status, attempt.message if attempt else ""


def test_it_is_charged_and_the_row_says_so_from_now_on(product: Product):
    mend(product)
    value_asset(product.asset, MARCH, Decimal("2000.00"))  # by what is known now
    assert ended(product)[0] == "success"
    (fee,) = emitted(LateFeeIncurred)
    assert (fee.on, fee.payer, fee.value, fee.amount) == (
        MARCH, product.asset.receiver_id, Decimal("2000.00"), Decimal("1.00"),
    )  # fmt: skip
    row = LateFee.objects.get()
    event = StoredEvent.objects.get(type="lending.late_fee_incurred")
    assert (row.payer_id, row.amount, row.reason, row.event_id) == (fee.payer, fee.amount, "", event.pk)
    assert (event.cause_kind, event.stream) == ("command", f"lending.product-{product.pk}")
    assert FeesOwed.objects.get().amount == 1


def test_what_is_still_in_its_way_is_said(product: Product):
    assert ended(product) == ("error", "no borrower of its deal is sender or receiver of its asset")
    mend(product)
    ProductBalance.objects.filter(product=product).update(outstanding=0)
    assert ended(product) == ("error", "nothing was outstanding on that date")
    assert emitted(LateFeeIncurred) == [] and LateFee.objects.get().reason


def test_it_is_charged_once_however_often_it_is_asked_for(product: Product):
    mend(product)
    for _ in range(4):
        send(ChargeLateFee(product=product.pk, on=MARCH))
    at_once(run_until_idle, run_until_idle)
    cycle(MARCH)
    run_until_idle()
    assert sorted(StoredCommand.objects.values_list("status", flat=True)) == ["cancelled"] * 3 + ["success"]
    assert len(emitted(LateFeeIncurred)) == 1
    assert ended(builders.late_product())[0] == "cancelled"  # which has no row for the date


def choose(user: Any) -> str:
    client = Client()
    client.force_login(user)
    chosen = {"action": "charge", "_selected_action": list(LateFee.objects.values_list("pk", flat=True))}
    return client.post(reverse("admin:lending_latefee_changelist"), chosen, follow=True).content.decode()


def test_an_operator_chooses_them_in_the_list(product: Product):
    builders.late_product()
    cycle(MARCH)
    mend(product)
    page = choose(get_user_model().objects.create_superuser("admin"))
    assert "1 asked for" in page
    assert reverse("admin:ops_batch", args=[Batch.objects.get().pk]) in page
    run_until_idle()
    assert not LateFee.objects.exclude(reason="").exists()
    assert "nothing that was not charged" in choose(get_user_model().objects.get())
    get_user_model().objects.all().delete()


def test_whoever_may_only_look_chooses_in_vain(product: Product):
    viewer = get_user_model().objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename="view_latefee"))
    choose(viewer)
    assert not StoredCommand.objects.exists()
    viewer.delete()
