"""Late fees: children of the cycle, by business date, never twice."""

import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from opsconsole.engine import emit, sequencing
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.testing import emitted, frozen_at, run_until_idle
from opsconsole.examples.lending import charging
from opsconsole.examples.lending.charging import fee, fees_for
from opsconsole.examples.lending.events import LateFeeIncurred, LateFeeNotCharged, SystemCycled
from opsconsole.examples.lending.models import DealParty, LateFee
from opsconsole.examples.lending.valuing import AssetHistory, value_asset, values_at
from opsconsole.kernel.identifiers import uuid7
from opsconsole.schedules.testing import begin
from opsconsole.streams import store
from opsconsole.streams.followers import FOLLOWERS
from opsconsole.streams.following import follow_to_the_end
from opsconsole.streams.models import Subscription
from opsconsole.streams.testing import given
from tests.chaos.site import eventually
from tests.concurrency.races import PATIENCE, at_once
from tests.concurrency.test_grant_races import somebody_waits
from tests.examples.lending import builders

MARCH = date(2026, 3, 1)
DAY = timedelta(days=1)


def cycle(*dates: date) -> None:
    """Business dates begin, and everybody follows."""
    with transaction.atomic():
        for on in dates:
            emit(SystemCycled(date=on))
    sequencing.catch_up()
    follow_to_the_end()


def charged() -> list[tuple[date, Decimal]]:
    return [(event.on, event.amount) for event in emitted(LateFeeIncurred)]


@pytest.mark.parametrize(
    ("value", "rate", "amount"),
    [
        ("1000.00", "0.0005", "0.50"),
        ("10.00", "0.0005", "0.01"),  # half a cent goes up
        ("9.99", "0.0005", "0.00"),
        ("29.00", "0.0005", "0.01"),
        ("31.00", "0.0005", "0.02"),
        ("123456789.01", "0.00033", "40740.74"),
    ],
)
def test_a_fee_is_rounded_to_whole_cents_half_a_cent_up(value, rate, amount):
    assert str(fee(Decimal(value), Decimal(rate))) == amount


def test_an_asset_is_worth_what_its_last_valuation_before_the_date_says():
    asset = uuid7()

    def valued(day: int, value: str):
        return AssetHistory().value(asset, MARCH.replace(day=day), Decimal(value))

    history = given(AssetHistory, valued(5, "50"), valued(2, "20"), valued(5, "55")).state
    assert [history.value_on(MARCH.replace(day=day)) for day in (1, 2, 4, 5, 9)] == [None, 20, 20, 55, 55]
    assert history.value(asset, MARCH.replace(day=5), Decimal("55.00")) is None


@pytest.mark.usefixtures("back_office")
class TestCharging:
    def test_a_fee_is_a_child_of_the_cycle_with_all_that_it_was_worked_out_from(self):
        product = builders.late_product(value="1234.56")
        cycle(MARCH)
        assert emitted(LateFeeIncurred) == [
            LateFeeIncurred(
                product=product.pk,
                deal=product.deal_id,
                asset=product.asset_id,
                payer=product.asset.receiver_id,
                on=MARCH,
                value=Decimal("1234.56"),
                rate=Decimal("0.0005"),
                amount=Decimal("0.62"),
            )
        ]
        parent, child = (
            StoredEvent.objects.get(type=f"lending.{name}") for name in ("system_cycled", "late_fee_incurred")
        )
        assert (child.cause_kind, child.cause_id, child.correlation_id) == ("event", parent.id, parent.correlation_id)
        assert child.stream == f"lending.product-{product.pk}"
        row = LateFee.objects.get()
        assert (row.event_id, row.product_id, row.on, row.payer_id) == (
            child.id, product.pk, MARCH, product.asset.receiver_id,
        )  # fmt: skip

    def test_only_products_with_an_outstanding_balance_at_that_date_are_charged(self):
        settled = {builders.LONG_AGO: "10", MARCH: "0"}
        builders.late_product(balances=settled)
        builders.late_product(balances={MARCH + DAY: "10"})
        builders.late_product(balances={})
        late = builders.late_product(balances={MARCH - DAY: "10", MARCH + DAY: "0"})
        cycle(MARCH)
        assert [event.product for event in emitted(LateFeeIncurred)] == [late.pk]

    def test_the_rate_is_a_setting(self, settings):
        settings.LENDING = {"daily_rate": Decimal("0.01")}
        builders.late_product(value="250.00")
        cycle(MARCH)
        assert charged() == [(MARCH, Decimal("2.50"))]

    def test_a_late_event_means_the_value_that_was_known_then(self):
        """What was learnt after the event changes nothing, even when it is followed only now."""
        product = builders.late_product(value="1000.00")
        with transaction.atomic():
            emit(SystemCycled(date=MARCH))
        sequencing.catch_up()
        value_asset(product.asset, MARCH, Decimal("9000.00"))
        sequencing.catch_up()
        follow_to_the_end()
        assert charged() == [(MARCH, Decimal("0.50"))]
        cycle(MARCH + DAY)
        assert charged()[1:] == [(MARCH + DAY, Decimal("4.50"))]

    def test_and_so_it_does_when_the_log_has_no_position_yet_for_what_was_learnt(self):
        product = builders.late_product(value="1000.00")
        with transaction.atomic():
            emit(SystemCycled(date=MARCH))
        sequencing.catch_up()
        value_asset(product.asset, MARCH, Decimal("9000.00"))
        follow_to_the_end()
        assert charged() == [(MARCH, Decimal("0.50"))]

    def test_looks_are_counted_by_pages_of_products_and_not_by_assets(self, monkeypatch):
        def look() -> tuple[int, list[object]]:
            sequencing.catch_up()
            with CaptureQueriesContext(connection) as captured, transaction.atomic():
                products = [one.product for one in fees_for(MARCH, position=store.head())]
            return len(captured), products

        builders.late_product()
        alone, _ = look()
        for _ in range(5):
            builders.late_product()
        together, products = look()
        assert (together, len(products)) == (alone, 6)
        monkeypatch.setattr(charging, "PAGE", 2)
        assert look()[1] == products == sorted(products)

    def test_a_product_that_somebody_deletes_meanwhile_is_charged_and_stays(self, monkeypatch):
        product = builders.late_product()
        is_read = threading.Event()

        def read(*args, **options):
            is_read.set()
            eventually(somebody_waits, "waiting to delete the product")
            return values_at(*args, **options)

        monkeypatch.setattr(charging, "values_at", read)

        def delete() -> None:
            assert is_read.wait(PATIENCE)
            with pytest.raises(IntegrityError):
                product.delete()

        at_once(partial(cycle, MARCH), delete)
        assert charged() == [(MARCH, Decimal("0.50"))]
        assert Subscription.objects.get(name="lending.late_fees").status == "running"


@pytest.mark.usefixtures("back_office")
class TestThePayer:
    def lent(self, **roles: str) -> object:
        """A product whose asset goes from the sender to the receiver; who is what in its deal is given by name."""
        companies = {name: builders.company(name) for name in ("sender", "receiver", "third")}
        asset = builders.asset(companies["sender"], companies["receiver"], values={builders.LONG_AGO: "100.00"})
        parties = [(companies[name], role) for name, role in roles.items()]
        builders.product(builders.deal(*parties), asset)
        cycle(MARCH)
        names = {company.pk: name for name, company in companies.items()}
        return [names[event.payer] for event in emitted(LateFeeIncurred)]

    def test_is_the_receiver_in_the_configured_role(self):
        assert self.lent(sender="lender", receiver="borrower") == ["receiver"]

    def test_may_be_the_sender(self):
        assert self.lent(sender="borrower", receiver="guarantor") == ["sender"]

    def test_is_the_receiver_when_both_have_the_role(self):
        assert self.lent(sender="borrower", receiver="borrower") == ["receiver"]

    def test_is_not_somebody_else_in_that_role(self):
        assert self.lent(third="borrower", receiver="broker") == []
        assert [event.reason for event in emitted(LateFeeNotCharged)] == [
            "no borrower of its deal is sender or receiver of its asset"
        ]

    def test_has_the_role_that_the_settings_name(self, settings):
        settings.LENDING = {"payer_role": "lender"}
        assert self.lent(sender="lender", receiver="borrower") == ["sender"]

    def test_of_an_asset_that_was_worth_nothing_known_pays_nothing_and_that_is_said(self):
        lender, borrower = builders.company(), builders.company()
        asset = builders.asset(lender, borrower, values={MARCH + DAY: "100.00"})
        builders.product(builders.deal((borrower, "borrower")), asset)
        cycle(MARCH, MARCH + DAY)
        assert [event.reason for event in emitted(LateFeeNotCharged)] == ["its asset had no value on that date"]
        assert charged() == [(MARCH + DAY, Decimal("0.05"))]


@pytest.mark.usefixtures("back_office")
class TestNeverTwice:
    def test_a_subscription_that_sees_the_event_again_charges_nothing(self):
        builders.late_product()
        late_unpaid = builders.late_product()
        DealParty.objects.filter(deal=late_unpaid.deal, role="borrower").delete()
        cycle(MARCH)
        Subscription.objects.filter(name="lending.late_fees").update(position=0)
        assert follow_to_the_end() > 0
        assert len(emitted(LateFeeIncurred)) == len(emitted(LateFeeNotCharged)) == 1
        assert Subscription.objects.get(name="lending.late_fees").status == "running"

    def test_a_date_that_is_announced_twice_is_charged_once(self):
        builders.late_product()
        cycle(MARCH, MARCH)
        cycle(MARCH)
        assert charged() == [(MARCH, Decimal("0.50"))]

    def test_a_product_that_came_later_is_charged_when_the_event_is_seen_again(self):
        builders.late_product()
        cycle(MARCH)
        builders.late_product(value="2000.00")
        cycle(MARCH)
        assert charged() == [(MARCH, Decimal("0.50")), (MARCH, Decimal("1.00"))]

    def test_the_database_itself_refuses_a_second_fee(self):
        builders.late_product()
        cycle(MARCH)
        row = LateFee.objects.get()
        with pytest.raises(IntegrityError, match="lending_latefee_once"):
            LateFee.objects.create(product=row.product, on=row.on, payer=row.payer, amount=row.amount, event_id=uuid7())


@pytest.mark.usefixtures("back_office")
class TestDayByDay:
    def test_three_missed_days_are_charged_in_order_by_what_was_true_on_each(self):
        """A deploy gap: on the second day something was paid off, on the third an asset was valued anew."""
        first = builders.late_product(value="1000.00")
        paid = builders.late_product(value="500.00", balances={builders.LONG_AGO: "70", MARCH + 2 * DAY: "0"})
        with frozen_at(datetime(2026, 3, 1, 12, tzinfo=UTC)) as clock:
            begin("lending.daily_cycle")
            run_until_idle()
            value_asset(first.asset, MARCH + 3 * DAY, Decimal("3000.00"))
            clock.advance(timedelta(days=3))
            run_until_idle()
        assert [event.date for event in emitted(SystemCycled)] == [MARCH + days * DAY for days in range(4)]
        fees = [(event.on.day, event.product, str(event.amount)) for event in emitted(LateFeeIncurred)]
        assert fees == [
            (1, first.pk, "0.50"),
            (1, paid.pk, "0.25"),
            (2, first.pk, "0.50"),
            (2, paid.pk, "0.25"),
            (3, first.pk, "0.50"),
            (4, first.pk, "1.50"),
        ]

    def test_nobody_is_charged_for_the_time_before(self):
        Subscription.objects.filter(name="lending.late_fees").delete()
        builders.late_product()
        with transaction.atomic():
            emit(SystemCycled(date=MARCH))
        sequencing.catch_up()
        from opsconsole.streams import duties

        duties.begin()
        cycle(MARCH + DAY)
        assert charged() == [(MARCH + DAY, Decimal("0.50"))]


def test_start_delay_and_jitter_are_those_of_the_settings():
    follower = FOLLOWERS.get("lending.late_fees")
    assert (follower.start, follower.start_delay, follower.jitter) == ("end", 0.0, 0.0)
