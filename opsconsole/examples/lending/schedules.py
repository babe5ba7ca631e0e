"""When the system cycles: the dispatcher looks an hour after its last look ended whether a new date has begun."""

from opsconsole.engine import Work
from opsconsole.examples.lending.configuration import lending_settings
from opsconsole.examples.lending.cycling import cycle_up_to
from opsconsole.schedules import Cycle, Slot, scheduled


@scheduled("lending.daily_cycle", Cycle(lending_settings().zone))
def cycle(slot: Slot, work: Work) -> None:
    """Begin a business date."""
    cycle_up_to(slot.date)
