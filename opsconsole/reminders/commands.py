"""What is to be done when a reminder's time has come."""

from datetime import datetime
from uuid import UUID

from opsconsole.engine import Command
from opsconsole.reminders.configuration import configuration

RECORDING = 120.0  # seconds, besides looking names up and calling: more than the records of those called together take


class CallBack(
    Command,
    name="reminders.call_back",
    queue="reminders",
    retry=configuration().retry,
    internal=True,
    timeout=2 * configuration().timeout + RECORDING,
):
    """Call the address, if this is still what the reminder waits for: `occasion` is the version that set the time."""

    reminder_id: UUID
    occasion: int
    scheduled_at: datetime
    address: str
