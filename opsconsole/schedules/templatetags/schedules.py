"""How moments of a schedule are written: in its own zone, with the zone beside them."""

from datetime import UTC, datetime

from django import template

register = template.Library()


@register.filter
def wall(moment: datetime) -> str:
    """What the clock shows in the zone of the moment."""
    return f"{_shown(moment)} {moment.tzname()}"


@register.filter
def utc(moment: datetime) -> str:
    return f"{_shown(moment.astimezone(UTC))} UTC"


def _shown(moment: datetime) -> str:
    return f"{moment:%a %Y-%m-%d %H:%M:%S}".removesuffix(":00")
