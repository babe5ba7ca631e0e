"""What schedules remember."""

from opsconsole.schedules.models.run import Run
from opsconsole.schedules.models.schedule import Schedule

__all__ = ["Run", "Schedule"]
