"""The settings of billing: one typed dict, `BILLING`, in the project's settings."""

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingSettings:
    """`slow_down` is the seconds that each step of a voiding waits, so that a person can watch it."""

    slow_down: float = 0.0


def billing_settings() -> BillingSettings:
    """The settings in force."""
    return BillingSettings(**getattr(settings, "BILLING", {}))
