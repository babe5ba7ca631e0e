"""How a command stands, in the words of jobs."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Model, Q

from opsconsole.engine.models import Command
from opsconsole.engine.queries.filters import CommandFilter
from opsconsole.engine.queries.windows import ROWS, Abreast, Search
from opsconsole.engine.states import AWAITING, CANCELLED, ERROR, PENDING, PROCESSING, SUCCESS

NAMES = {PROCESSING: "Processing", SUCCESS: "Completed", ERROR: "DeadLettered", CANCELLED: "Cancelled"}
STATUS = {name: status for status, name in NAMES.items()}


def state_of(command: Command, now: datetime) -> str:
    """Failed is what waits for its next try. A job that has lost its worker is pending again, though it may wait a
    little: of several that ran in it, none is charged with a try."""
    if command.status not in (PENDING, AWAITING):
        return NAMES[command.status]
    if command.status == AWAITING or command.not_before <= now or command.losses:
        return "Pending"
    return "Failed" if command.attempts else "Scheduled"


@dataclass(frozen=True, kw_only=True)
class JobFilter(CommandFilter):
    """Commands that are jobs, of all the `types`, in the `state` that they have at `now`."""

    types: tuple[str, ...]
    now: datetime
    state: str = ""

    def searches(self, model: type[Model], limit: int = ROWS) -> list[Search]:
        """Those that wait for their turn are pending jobs too, and are found along the same index beside the others."""
        due = super().searches(model, limit)
        if self.state != "Pending":
            return due
        awaiting = replace(self, status=AWAITING, state="").searches(model, limit)
        return [Abreast(both) for both in zip(due, awaiting, strict=True)]

    def _keep(self) -> Q:
        keep = super()._keep()
        if not self.type:
            keep &= Q(type__in=self.types)
        later = Q(not_before__gt=self.now, losses=0)
        match self.state:
            case "Pending":
                keep &= ~later
            case "Scheduled":
                keep &= later & Q(attempts=0)
            case "Failed":
                keep &= later & Q(attempts__gt=0)
        return keep
