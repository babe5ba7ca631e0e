"""What the admin shows of the log: kept up to date, and built again."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest

from opsconsole.engine import send
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.testing import run_until_idle
from opsconsole.examples.lending.events import LateFeeIncurred
from opsconsole.examples.lending.models import FeesOwed, Grant
from opsconsole.examples.lending.projectors import FeesOwedByCompany
from opsconsole.kernel.identifiers import uuid7
from opsconsole.streams.models import Subscription
from opsconsole.streams.rebuilding import rebuild
from opsconsole.streams.testing import given
from tests.examples.lending import builders
from tests.examples.lending.builders import destination
from tests.examples.lending.test_late_fees import DAY, MARCH, cycle

PAYER, OTHER = uuid7(), uuid7()


def incurred(payer: UUID, day: int, amount: str) -> LateFeeIncurred:
    return LateFeeIncurred(
        product=uuid7(), deal=uuid7(), asset=uuid7(), payer=payer, on=MARCH.replace(day=day),
        value=Decimal(1000), rate=Decimal("0.0005"), amount=Decimal(amount),
    )  # fmt: skip


def test_fees_are_summed_by_payer():
    fees = given(FeesOwedByCompany, incurred(PAYER, 2, "0.50"), incurred(OTHER, 1, "7.00"), incurred(PAYER, 3, "0.25"))
    fees.then(PAYER, amount=Decimal("0.75"), count=2, last_on=MARCH.replace(day=3)).then(OTHER, count=1)


def test_a_late_date_that_is_told_behind_a_later_one_is_not_the_latest():
    given(FeesOwedByCompany, incurred(PAYER, 3, "1")).when(incurred(PAYER, 2, "1")).then(
        PAYER, last_on=MARCH.replace(day=3)
    )


def owed() -> dict[object, tuple[Decimal, int, date | None]]:
    return {row.pk: (row.amount, row.count, row.last_on) for row in FeesOwed.objects.all()}


@pytest.mark.usefixtures("back_office")
def test_fees_add_up_by_company():
    one, other = builders.late_product(value="1000.00"), builders.late_product(value="3000.00")
    builders.product(one.deal, one.asset)
    cycle(MARCH)
    cycle(MARCH + DAY)
    run_until_idle()
    assert owed() == {
        one.asset.receiver_id: (Decimal("2.00"), 4, MARCH + DAY),
        other.asset.receiver_id: (Decimal("3.00"), 2, MARCH + DAY),
    }


@pytest.mark.usefixtures("back_office")
def test_a_grant_is_shown_with_what_each_gave_and_got():
    lender, receiver = builders.company(balance=10), builders.account(builders.company())
    command = builders.grant(lender, to=[destination(receiver, "4.50"), destination(receiver, "1.00")])
    send(command)
    run_until_idle()
    shown = Grant.objects.get()
    event = StoredEvent.objects.get(type="lending.balances_granted")
    assert (shown.pk, shown.author, shown.total, shown.event_id) == (command.grant, "ana", Decimal("5.50"), event.id)
    assert shown.sources == f"5.50 company {lender.pk}"
    assert shown.destinations == f"4.50 account {receiver.pk}\n1.00 account {receiver.pk}"


@pytest.mark.usefixtures("back_office")
@pytest.mark.parametrize("name", ["lending.fees_owed", "lending.grants"])
def test_it_is_built_again_from_the_first_event(name):
    builders.late_product()
    lender, receiver = builders.company(balance=10), builders.account(builders.company())
    send(builders.grant(lender, to=[destination(receiver, "1.00")]))
    cycle(MARCH)
    run_until_idle()
    before = owed(), list(Grant.objects.values())
    FeesOwed.objects.update(amount=99)
    Grant.objects.update(total=99)

    rebuild(name, actor="ana")
    run_until_idle()

    now = owed(), list(Grant.objects.values())
    changed = 0 if name == "lending.fees_owed" else 1
    assert now[changed] == before[changed]
    assert now[1 - changed] != before[1 - changed]
    assert set(Subscription.objects.filter(name__startswith="lending.").values_list("status", flat=True)) == {"running"}
