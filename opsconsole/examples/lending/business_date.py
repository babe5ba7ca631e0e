"""Which date it is for the business."""

from datetime import date
from zoneinfo import ZoneInfo

from opsconsole.examples.lending.configuration import lending_settings
from opsconsole.kernel import clock


def today() -> date:
    """The date in the zone where business dates begin."""
    return clock.now().astimezone(ZoneInfo(lending_settings().zone)).date()
