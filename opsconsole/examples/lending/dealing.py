"""Deals: their rows are how they stand, their streams how they came to stand so. Both change together."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from opsconsole.engine import Event
from opsconsole.examples.lending.events import (
    CompanyJoinedDeal,
    DealActivated,
    DealCreated,
    DealDeleted,
    DealTold,
    DealUpdated,
    Party,
    stream_of_company,
)
from opsconsole.examples.lending.models import Company, Deal, DealParty
from opsconsole.examples.lending.models.deal import ACTIVATED, DEAL, DELETED
from opsconsole.streams import Aggregate, append, applies, decide, load


class DealRefused(Exception):
    """It cannot be done to this deal; the message says why."""


class DealHistory(Aggregate, category="lending.deal", snapshot_every=100):
    """A deal, as the log knows it."""

    told: DealTold | None = None
    is_activated: bool = False
    is_deleted: bool = False

    @applies(DealCreated, DealUpdated)
    def stands(self, event: DealTold) -> "DealHistory":
        return self.with_(told=DealTold(**dict(event)))

    @applies(DealActivated)
    def activated(self, event: DealActivated) -> "DealHistory":
        return self.with_(is_activated=True)

    @applies(DealDeleted)
    def deleted(self, event: DealDeleted) -> "DealHistory":
        return self.with_(is_deleted=True)

    @property
    def companies(self) -> frozenset[UUID]:
        return frozenset(party.company for party in self.told.parties) if self.told else frozenset()

    def tell(self, **terms: object) -> Event | None:
        """How it stands now; nothing when that is known."""
        if self.is_deleted:
            raise DealRefused("a deleted deal does not change")
        now = DealTold(**terms, is_activated=self.is_activated)
        if self.told is None:
            return DealCreated(**dict(now))
        known = self.told.model_copy(update={"is_activated": self.is_activated})
        return DealUpdated(**dict(now)) if now != known else None

    def activate(self, deal: UUID) -> Event:
        self._must_live()
        if self.is_activated:
            raise DealRefused("it is activated already")
        return DealActivated(deal=deal)

    def delete(self, deal: UUID) -> Event:
        self._must_live()
        return DealDeleted(deal=deal)

    def _must_live(self) -> None:
        if self.told is None:
            raise DealRefused("nobody has told of it yet")
        if self.is_deleted:
            raise DealRefused("it is deleted already")


@transaction.atomic
def open_deal(deal: Deal, parties: Iterable[tuple[Company, str]]) -> Deal:
    """Store a new deal with its companies, and say so."""
    deal.save(force_insert=True)
    DealParty.objects.bulk_create(DealParty(deal=deal, company=company, role=role) for company, role in parties)
    announce(deal.pk)
    return deal


@transaction.atomic
def announce(deal_id: UUID) -> None:
    """Say how a deal stands by its rows, if the log does not know yet. Raises DealRefused."""
    deal = _locked(deal_id)
    parties = [Party(company=party.company_id, role=party.role) for party in deal.parties.order_by("company", "role")]
    known = load(DealHistory, deal_id).state.companies
    for company in sorted({party.company for party in parties} - known, key=str):
        append(stream_of_company(company), CompanyJoinedDeal(company=company, deal=deal_id))
    terms = {"product_line": deal.product_line, "rating_tier": deal.rating_tier, "parties": tuple(parties)}
    decide(DealHistory, deal_id, lambda history: history.tell(deal=deal_id, **terms), source=deal)


@transaction.atomic
def activate(deal_id: UUID) -> None:
    """Let a deal begin. Raises DealRefused."""
    decide(DealHistory, deal_id, lambda history: history.activate(deal_id), source=_locked(deal_id))
    DEAL.move(Deal.objects.filter(pk=deal_id), ACTIVATED)


@transaction.atomic
def delete(deal_id: UUID) -> None:
    """End a deal; its row and its history stay. Raises DealRefused."""
    decide(DealHistory, deal_id, lambda history: history.delete(deal_id), source=_locked(deal_id))
    DEAL.move(Deal.objects.filter(pk=deal_id), DELETED)


def _locked(deal_id: UUID) -> Deal:
    """The row before the streams, whoever it is: else two of them wait for each other."""
    return Deal.objects.select_for_update(no_key=True).get(pk=deal_id)
