"""Memberships: folded from the deals of a company, of one product line."""

from uuid import UUID

import pytest

from opsconsole.engine.models import Event as StoredEvent
from opsconsole.examples.lending import dealing
from opsconsole.examples.lending.events import (
    CompanyJoinedDeal,
    DealActivated,
    DealCreated,
    DealDeleted,
    DealUpdated,
    Party,
)
from opsconsole.examples.lending.membership import Membership
from opsconsole.examples.lending.models import Deal, DealParty
from opsconsole.kernel.identifiers import uuid7
from opsconsole.streams import load
from opsconsole.streams.testing import given
from tests.examples.lending import builders

US, THEM = uuid7(), uuid7()
FIRST, SECOND = uuid7(), uuid7()


def joined(deal: UUID = FIRST) -> CompanyJoinedDeal:
    return CompanyJoinedDeal(company=US, deal=deal)


def created(deal: UUID = FIRST, **terms) -> DealCreated:
    return DealCreated(**told(deal, **terms))


def updated(deal: UUID = FIRST, **terms) -> DealUpdated:
    return DealUpdated(**told(deal, **terms))


def told(deal: UUID, *, line: str = "asset_lending", tier: str = "B", companies=(US, THEM), activated=False) -> dict:
    parties = tuple(Party(company=company, role="lender") for company in companies)
    return {
        "deal": deal, "product_line": line, "rating_tier": tier, "parties": parties, "is_activated": activated,
    }  # fmt: skip


EMPTY = {"deal": None, "rating_tier": "", "is_activated": False}


def test_a_company_without_deals_is_empty():
    given(Membership).then_state(**EMPTY)


def test_a_deal_that_was_created_gives_a_tier_and_is_not_activated_yet():
    given(Membership, joined(), created()).then_state(deal=FIRST, rating_tier="B", is_activated=False)


def test_an_update_changes_the_tier_and_leaves_it_activated():
    given(Membership, joined(), created(), DealActivated(deal=FIRST), updated(tier="A", activated=True)).then_state(
        deal=FIRST, rating_tier="A", is_activated=True
    )


def test_deals_of_other_product_lines_count_for_nothing():
    other = {"line": "leasing"}
    given(Membership, joined(), created(**other), DealActivated(deal=FIRST)).then_state(**EMPTY)
    given(Membership, joined(), created(), joined(SECOND), created(SECOND, line="leasing", tier="A")).then_state(
        deal=FIRST, rating_tier="B"
    )


def test_the_product_line_is_a_setting(settings):
    settings.LENDING = {"product_line": "leasing"}
    given(Membership, joined(), created(line="leasing")).then_state(deal=FIRST)
    given(Membership, joined(), created()).then_state(**EMPTY)


def test_a_deal_that_changes_its_line_takes_the_membership_with_it_and_brings_it_back():
    away = [joined(), created(), DealActivated(deal=FIRST), updated(line="leasing", activated=True)]
    given(Membership, *away).then_state(**EMPTY)
    given(Membership, *away, updated(activated=True)).then_state(deal=FIRST, is_activated=True)


def test_a_deal_that_was_deleted_gives_nothing():
    given(Membership, joined(), created(), DealActivated(deal=FIRST), DealDeleted(deal=FIRST)).then_state(**EMPTY)


def test_of_several_deals_the_one_joined_last_counts_and_behind_it_are_the_others():
    both = [joined(), created(tier="C"), joined(SECOND), created(SECOND, tier="A"), DealActivated(deal=FIRST)]
    given(Membership, *both).then_state(deal=SECOND, rating_tier="A", is_activated=False)
    given(Membership, *both, DealDeleted(deal=SECOND)).then_state(deal=FIRST, rating_tier="C", is_activated=True)


def test_a_company_that_leaves_a_deal_is_no_member_by_it():
    given(Membership, joined(), created(), updated(companies=(THEM,))).then_state(**EMPTY)


@pytest.mark.usefixtures("back_office")
class TestFromHistory:
    def test_an_unknown_company_is_empty(self):
        loaded = load(Membership, uuid7())
        assert (loaded.state, loaded.version) == (Membership(), 0)

    def test_it_is_rebuilt_from_the_streams_of_its_deals(self):
        company, partner = builders.company(), builders.company()
        deal = builders.deal((company, "lender"), (partner, "borrower"), rating_tier="A")
        builders.deal((partner, "lender"), rating_tier="D")
        dealing.activate(deal.pk)
        DealParty.objects.all().delete()  # history alone is enough
        Deal.objects.all().delete()

        state = load(Membership, company.pk).state

        assert (state.deal, state.rating_tier, state.is_activated) == (deal.pk, "A", True)

    def test_each_company_has_its_own(self):
        one, other = builders.company(), builders.company()
        builders.deal((one, "lender"), (other, "borrower"), rating_tier="A")
        builders.deal((other, "borrower"), rating_tier="C")
        assert load(Membership, one.pk).state.rating_tier == "A"
        assert load(Membership, other.pk).state.rating_tier == "C"

    def test_a_company_that_joins_an_activated_deal_is_activated(self):
        late = builders.company()
        deal = builders.deal((builders.company(), "lender"))
        dealing.activate(deal.pk)
        DealParty.objects.create(deal=deal, company=late, role="borrower")
        dealing.announce(deal.pk)
        assert load(Membership, late.pk).state.is_activated

    def test_as_of_an_earlier_time_it_is_what_it_was(self):
        company = builders.company()
        deal = builders.deal((company, "lender"), rating_tier="C")
        between = StoredEvent.objects.latest("seq").created_at
        Deal.objects.filter(pk=deal.pk).update(rating_tier="A")
        dealing.announce(deal.pk)
        assert load(Membership, company.pk, as_of=between).state.rating_tier == "C"
        assert load(Membership, company.pk).state.rating_tier == "A"
