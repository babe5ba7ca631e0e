"""Daily cycles and cron: each planned moment once, whatever restarts or doubles."""

from opsconsole.schedules.declaring import scheduled
from opsconsole.schedules.rules import Cron, Cycle, Daily, Slot

__all__ = ["Cron", "Cycle", "Daily", "Slot", "scheduled"]
