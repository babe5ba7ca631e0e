"""Memberships: what the deals of one product line make of a company, read from the history of all its deals."""

from collections.abc import Sequence
from uuid import UUID

from opsconsole.examples.lending.configuration import lending_settings
from opsconsole.examples.lending.dealing import DealHistory
from opsconsole.examples.lending.events import (
    CompanyJoinedDeal,
    DealActivated,
    DealCreated,
    DealDeleted,
    DealTold,
    DealUpdated,
    Part,
    stream_of_company,
)
from opsconsole.streams import Aggregate, applies, read
from opsconsole.streams.aggregates import Key


class Standing(Part):
    """What one deal gives a company."""

    deal: UUID
    rating_tier: str
    is_activated: bool = False


class Membership(Aggregate, category="lending.membership"):
    """Of a company without deals: empty. Of one with several, the one that it joined last counts.

    The company's own stream says which deals to look for; the fold is over that one and theirs.
    """

    company: UUID | None = None
    standings: tuple[Standing, ...] = ()

    @classmethod
    def streams(cls, key: Key) -> Sequence[str]:
        own = stream_of_company(UUID(str(key)))
        joined = (recorded.event() for recorded in read(own) if recorded.type == CompanyJoinedDeal.__contract__.name)
        return list(dict.fromkeys([own, *(DealHistory.stream(event.deal) for event in joined)]))

    @property
    def deal(self) -> UUID | None:
        return self.standings[-1].deal if self.standings else None

    @property
    def rating_tier(self) -> str:
        return self.standings[-1].rating_tier if self.standings else ""

    @property
    def is_activated(self) -> bool:
        return bool(self.standings) and self.standings[-1].is_activated

    @applies(CompanyJoinedDeal)
    def joined(self, event: CompanyJoinedDeal) -> "Membership":
        return self.with_(company=event.company)

    @applies(DealCreated, DealUpdated)
    def told(self, event: DealTold) -> "Membership":
        """A deal that has gone over to another line, or to other companies, gives nothing any more."""
        is_ours = event.product_line == lending_settings().product_line
        if not is_ours or all(party.company != self.company for party in event.parties):
            return self._without(event.deal)
        told = Standing(deal=event.deal, rating_tier=event.rating_tier, is_activated=event.is_activated)
        if all(one.deal != event.deal for one in self.standings):
            return self.with_(standings=(*self.standings, told))
        return self.with_(standings=tuple(told if one.deal == event.deal else one for one in self.standings))

    @applies(DealActivated)
    def activated(self, event: DealActivated) -> "Membership":
        return self.with_(
            standings=tuple(
                one.model_copy(update={"is_activated": True}) if one.deal == event.deal else one
                for one in self.standings
            )
        )

    @applies(DealDeleted)
    def deleted(self, event: DealDeleted) -> "Membership":
        return self._without(event.deal)

    def _without(self, deal: UUID) -> "Membership":
        return self.with_(standings=tuple(one for one in self.standings if one.deal != deal))
