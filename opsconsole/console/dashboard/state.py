"""Everything that the overview says, read once: the panels and the verdict draw on the same numbers."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Q

from opsconsole.engine.models import Batch, Pause, Workflow
from opsconsole.engine.queries import capacity, rollups
from opsconsole.engine.queries.capacity import EVENTS, Backlog, Dispatcher, Overdue, Worker
from opsconsole.engine.queries.history import History
from opsconsole.engine.queries.present import database_now
from opsconsole.engine.queries.rollups import Failures
from opsconsole.engine.queries.windows import Bounded, Walk
from opsconsole.engine.states import ERROR
from opsconsole.kernel.identifiers import uuid7_floor

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class State:
    """How the engine stands. Kinds that the reader may not see are missing everywhere."""

    now: datetime
    histories: dict[str, History]
    counts: dict[str, dict[str, Bounded]]
    failures: list[Failures]
    failed_lately: dict[str, Bounded]
    backlogs: list[Backlog]
    workers: list[Worker]
    dispatchers: list[Dispatcher]
    overdue: Overdue | None
    pauses: list[Pause]

    @classmethod
    def read(cls, kinds: Collection[str]) -> "State":
        """Read what concerns these kinds, those that the reader may see."""
        now = database_now()
        histories = {kind: History.read(kind) for kind in ("event", "command") if kind in kinds}
        counted = [kind for kind in ("event", "command", "batch") if kind in kinds]
        return cls(
            now=now,
            histories=histories,
            counts={kind: rollups.status_counts(kind, history=histories.get(kind)) for kind in counted},
            failures=rollups.failures_by_type(histories.get("command"), now, events="event" in kinds),
            failed_lately={
                kind: _failed_since(model, now - DAY)
                for kind, model in (("batch", Batch), ("workflow", Workflow))
                if kind in kinds
            },
            backlogs=[one for one in capacity.backlogs() if ("event" if one.queue == EVENTS else "command") in kinds],
            workers=[
                one if "command" in kinds else replace(one, doing=[], progress=None) for one in capacity.workers()
            ],
            dispatchers=capacity.dispatchers(),
            overdue=capacity.overdue_claims(),
            pauses=capacity.pauses() if "command" in kinds else [],
        )

    @property
    def due(self) -> list[Backlog]:
        """Queues in which something could run now, whether it may or is held back."""
        return [backlog for backlog in self.backlogs if backlog.age is not None]

    @property
    def is_fresh(self) -> bool:
        """Whether nothing has ever happened here."""
        return not any(count.number for counts in self.counts.values() for count in counts.values())


def _failed_since(model: type[Batch] | type[Workflow], since: datetime) -> Bounded:
    return Walk(model, Q(status=ERROR), Q(), Q(id__gte=uuid7_floor(since))).count()
