"""What the admin shows of the log: kept up to date, and built again."""

from datetime import date
from decimal import Decimal

import pytest

from opsconsole.engine import send
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.testing import run_until_idle
from opsconsole.examples.lending.models import FeesOwed, Grant
from opsconsole.streams.models import Subscription
from opsconsole.streams.rebuilding import rebuild
from tests.examples.lending import builders
from tests.examples.lending.builders import destination
from tests.examples.lending.test_late_fees import DAY, MARCH, cycle

pytestmark = pytest.mark.usefixtures("back_office")


def owed() -> dict[object, tuple[Decimal, int, date | None]]:
    return {row.pk: (row.amount, row.count, row.last_on) for row in FeesOwed.objects.all()}


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
