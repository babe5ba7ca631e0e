"""The settings of the lending back office: one typed dict, `LENDING`, in the project's settings."""

from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings

from opsconsole.examples.lending.roles import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class LendingSettings:
    """Durations are seconds. `zone`, `start_delay` and `jitter` are read once, when what has them is declared."""

    zone: str = "America/Sao_Paulo"  # where business dates begin
    product_line: str = "asset_lending"  # the one whose deals make a member
    payer_role: str = Role.BORROWER.value  # of the company that pays late fees
    daily_rate: Decimal = Decimal("0.0005")  # of an asset's value, for each date that a balance is outstanding
    start_delay: float = 0.0  # before late fees are charged for the first time
    jitter: float = 0.0  # at most so much longer, at random

    def __post_init__(self) -> None:
        if self.payer_role not in Role.values:
            raise ValueError(f"nobody pays as {self.payer_role!r}: the roles are {', '.join(Role.values)}")
        if not isinstance(self.daily_rate, Decimal) or not 0 <= self.daily_rate <= 1:
            raise ValueError(f"a daily rate is a Decimal from 0 to 1, and not {self.daily_rate!r}")
        if self.start_delay < 0 or self.jitter < 0:
            raise ValueError("nothing starts before it is asked to: start_delay and jitter are 0 or more")


def lending_settings() -> LendingSettings:
    """The settings in force."""
    return LendingSettings(**getattr(settings, "LENDING", {}))
