"""Amounts of money, in whole cents, as messages carry them."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from pydantic import Field

CENT = Decimal("0.01")

Amount = Annotated[Decimal, Field(ge=0, max_digits=16, decimal_places=2)]
PositiveAmount = Annotated[Decimal, Field(gt=0, max_digits=16, decimal_places=2)]


def in_cents(amount: Decimal) -> Decimal:
    """Rounded to whole cents, half a cent up."""
    return amount.quantize(CENT, ROUND_HALF_UP)
