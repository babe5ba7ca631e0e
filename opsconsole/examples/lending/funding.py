"""Balances come from somewhere."""

from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import F

from opsconsole.engine import emit
from opsconsole.examples.lending.events import BalanceAdded
from opsconsole.examples.lending.models import Asset, Company


@transaction.atomic
def add_balance(source: Asset | Company, amount: Decimal) -> UUID:
    """Let a source have more to grant; returns the event's id."""
    kind = "asset" if isinstance(source, Asset) else "company"
    added = BalanceAdded(kind=kind, id=source.pk, amount=amount)
    type(source).objects.filter(pk=source.pk).update(balance=F("balance") + amount)
    return emit(added, source=source)
