"""How moments of a schedule are written: in its own zone, with the zone beside them."""

from datetime import UTC, datetime

from django import template

from opsconsole.console.words import took
from opsconsole.schedules.models import Run, Schedule
from opsconsole.schedules.zones import zone_named

register = template.Library()


@register.filter
def wall(moment: datetime, zone: str = "") -> str:
    """What the clock shows in that zone, or in the moment's own."""
    try:
        local = moment.astimezone(zone_named(zone)) if zone else moment
    except LookupError:  # of a declaration that is gone, as the zone may be
        local = moment
    return f"{_shown(local)} {local.tzname()}"


@register.filter
def late_by(run: Run, schedule: Schedule) -> str:
    return took(run.lateness(schedule))


@register.filter
def utc(moment: datetime) -> str:
    return f"{_shown(moment.astimezone(UTC))} UTC"


def _shown(moment: datetime) -> str:
    return f"{moment:%a %Y-%m-%d %H:%M:%S}".removesuffix(":00")
