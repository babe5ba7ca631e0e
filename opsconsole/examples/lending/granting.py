"""Granting: balances go from sources to accounts, or nothing happens.

Everything that a grant looks at is locked before it is looked at, always in the same order: of two grants on one
source, the second sees what the first has left. That no balance falls below zero is kept by constraints besides.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from django.db import models
from django.db.models import F

from opsconsole.examples.lending.commands import GrantBalances, Source
from opsconsole.examples.lending.events import BalancesGranted, Destination, Draw
from opsconsole.examples.lending.models import Account, Asset, Company

Model = TypeVar("Model", bound=models.Model)

SOURCES: dict[str, type[Asset] | type[Company]] = {"asset": Asset, "company": Company}


class GrantRefused(Exception):
    """The first thing that stands in the way of a grant; `offender` is its id."""

    def __init__(self, offender: UUID, reason: str) -> None:
        super().__init__(reason)
        self.offender = offender


def grant(request: GrantBalances) -> BalancesGranted:
    """Move balances, in the caller's transaction; returns what happened, to be published. Raises GrantRefused."""
    balances = _balances_of(request.sources)
    _refuse_bad_sources(request.sources, balances)
    _refuse_bad_accounts(request.destinations)
    draws = _draw(request, balances)
    for draw in draws:
        SOURCES[draw.kind].objects.filter(pk=draw.id).update(balance=F("balance") - draw.amount)
    for destination in request.destinations:
        Account.objects.filter(pk=destination.account).update(balance=F("balance") + destination.amount)
    return BalancesGranted(grant=request.grant, author=request.author, sources=draws, destinations=request.destinations)


def _balances_of(sources: Iterable[Source]) -> dict[Source, Decimal]:
    """What the sources hold; they stay locked."""
    sources = list(sources)
    found = {
        kind: _locked(model.objects.all(), (source.id for source in sources if source.kind == kind))
        for kind, model in SOURCES.items()
    }
    return {source: row.balance for source in sources if (row := found[source.kind].get(source.id)) is not None}


def _locked(rows: "models.QuerySet[Any]", ids: Iterable[UUID]) -> dict[UUID, Any]:
    chosen = rows.filter(pk__in=set(ids)).order_by("pk")
    return {row.pk: row for row in chosen.select_for_update(no_key=True)}


def _refuse_bad_sources(sources: Iterable[Source], balances: Mapping[Source, Decimal]) -> None:
    for source in sources:
        if source not in balances:
            raise GrantRefused(source.id, f"there is no {source.kind} {source.id}")
        if balances[source] <= 0:
            raise GrantRefused(source.id, f"{source.kind} {source.id} holds no balance")


def _refuse_bad_accounts(destinations: Iterable[Destination]) -> None:
    destinations = list(destinations)
    accounts = _locked(Account.objects.all(), (destination.account for destination in destinations))
    for destination in destinations:
        account = accounts.get(destination.account)
        if account is None:
            raise GrantRefused(destination.account, f"there is no account {destination.account}")
        if account.company_id != destination.company:
            raise GrantRefused(
                destination.account, f"account {destination.account} is not one of company {destination.company}"
            )
        if not account.is_active:
            raise GrantRefused(destination.account, f"account {destination.account} is not active")


def _draw(request: GrantBalances, balances: Mapping[Source, Decimal]) -> tuple[Draw, ...]:
    """What each source gives: the first ones all they have, until there is enough."""
    wanted = missing = sum((destination.amount for destination in request.destinations), Decimal(0))
    draws = []
    for source in request.sources:
        taken = min(missing, balances[source])
        if taken:
            draws.append(Draw(kind=source.kind, id=source.id, amount=taken))
        missing -= taken
    if missing:
        last = request.sources[-1]
        raise GrantRefused(
            last.id, f"{wanted} is more than is available: {wanted - missing}, up to {last.kind} {last.id}"
        )
    return tuple(draws)
