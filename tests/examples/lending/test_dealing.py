"""Deals: what is said of them, once, and what they refuse."""

from functools import partial

import pytest
from django.db import transaction

from opsconsole.engine.models import Event as StoredEvent
from opsconsole.examples.lending import dealing
from opsconsole.examples.lending.dealing import DealHistory, DealRefused
from opsconsole.examples.lending.events import DealActivated, DealCreated, DealDeleted, DealUpdated, Party
from opsconsole.examples.lending.models import Deal, DealParty
from opsconsole.kernel.identifiers import uuid7
from opsconsole.streams import load
from opsconsole.streams.testing import given
from tests.concurrency.races import at_once
from tests.examples.lending import builders

DEAL, COMPANY = uuid7(), uuid7()
TERMS = {
    "deal": DEAL, "product_line": "leasing", "rating_tier": "B", "parties": (Party(company=COMPANY, role="lender"),),
}  # fmt: skip
CREATED, ACTIVATED, DELETED = DealCreated(**TERMS), DealActivated(deal=DEAL), DealDeleted(deal=DEAL)


def tell(**changes):
    return lambda history: history.tell(**(TERMS | changes))


def test_a_deal_is_created_once():
    given(DealHistory).when(tell()).then(CREATED)
    given(DealHistory, CREATED).when(tell()).then()


def test_what_has_changed_is_told_with_everything_else():
    given(DealHistory, CREATED).when(tell(rating_tier="A")).then(DealUpdated(**(TERMS | {"rating_tier": "A"})))
    given(DealHistory, CREATED, ACTIVATED).when(tell(parties=())).then(
        DealUpdated(**(TERMS | {"parties": (), "is_activated": True}))
    )


def test_an_activation_alone_is_no_update():
    given(DealHistory, CREATED, ACTIVATED).when(tell()).then()


def test_a_deal_is_activated_once_and_deleted_once():
    given(DealHistory, CREATED).when(lambda history: history.activate(DEAL)).then(ACTIVATED)
    given(DealHistory, CREATED, ACTIVATED).when(lambda history: history.activate(DEAL)).then_raises(
        DealRefused, "already"
    )
    given(DealHistory, CREATED).when(lambda history: history.delete(DEAL)).then(DELETED)
    given(DealHistory, CREATED, DELETED).when(lambda history: history.delete(DEAL)).then_raises(DealRefused, "already")


def test_a_deal_that_nobody_has_told_of_cannot_be_moved():
    given(DealHistory).when(lambda history: history.activate(DEAL)).then_raises(DealRefused, "nobody")
    given(DealHistory).when(lambda history: history.delete(DEAL)).then_raises(DealRefused, "nobody")


def test_a_deleted_deal_neither_changes_nor_begins():
    over = given(DealHistory, CREATED, DELETED)
    over.when(tell(rating_tier="A")).then_raises(DealRefused)
    over.when(lambda history: history.activate(DEAL)).then_raises(DealRefused, "deleted")


@pytest.mark.usefixtures("back_office")
class TestRowsAndStreams:
    def test_a_new_deal_tells_its_companies_and_itself(self):
        lender, borrower = builders.company(), builders.company()
        deal = builders.deal((lender, "lender"), (borrower, "borrower"))
        streams = list(StoredEvent.objects.order_by("seq").values_list("stream", "type"))
        joined = sorted(f"lending.company-{company.pk}" for company in (lender, borrower))
        assert streams == [
            *((stream, "lending.company_joined_deal") for stream in joined),
            (f"lending.deal-{deal.pk}", "lending.deal_created"),
        ]

    def test_announcing_again_says_nothing(self):
        deal = builders.deal((builders.company(), "lender"))
        before = StoredEvent.objects.count()
        dealing.announce(deal.pk)
        assert StoredEvent.objects.count() == before

    def test_a_company_that_comes_back_is_told_again(self):
        company = builders.company()
        deal = builders.deal((company, "lender"))
        DealParty.objects.all().delete()
        dealing.announce(deal.pk)
        DealParty.objects.create(deal=deal, company=company, role="broker")
        dealing.announce(deal.pk)
        types = list(StoredEvent.objects.order_by("seq").values_list("type", flat=True))
        assert types.count("lending.company_joined_deal") == 2
        assert types.count("lending.deal_updated") == 2

    def test_the_row_moves_with_the_stream_or_not_at_all(self):
        deal = builders.deal()
        dealing.activate(deal.pk)
        assert Deal.objects.get().status == "activated"
        with pytest.raises(DealRefused):
            dealing.activate(deal.pk)
        dealing.delete(deal.pk)
        assert Deal.objects.get().status == "deleted"
        assert StoredEvent.objects.filter(stream=f"lending.deal-{deal.pk}").count() == 3

    def test_a_deal_that_is_rated_and_activated_at_once_is_both(self):
        for _ in range(10):
            deal = builders.deal((builders.company(), "lender"), rating_tier="B")

            def rate(deal=deal):
                with transaction.atomic():
                    Deal.objects.filter(pk=deal.pk).update(rating_tier="A")
                    dealing.announce(deal.pk)

            at_once(rate, partial(dealing.activate, deal.pk))

            state = load(DealHistory, deal.pk).state
            assert (state.told.rating_tier, state.is_activated) == ("A", True)
            deal.refresh_from_db()
            assert (deal.rating_tier, deal.status) == ("A", "activated")
