"""Processes that are not over: what has waited for longest, and what was begun last, whatever lies between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from opsconsole.engine.queries.windows import Bounded
from opsconsole.examples.billing.commands import AcknowledgeProcessFailure
from opsconsole.examples.billing.models import ReportedDocument
from opsconsole.examples.billing.processes import MARKING_FAILED, DocumentVoiding
from opsconsole.examples.billing.voiding.asking import OnTheirWay
from opsconsole.examples.billing.voiding.looks import STUCK, Look, look_of
from opsconsole.streams.models import Process

OLDEST, NEWEST = 20, 10
COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class Voiding:
    """A process that is under way, is stuck or has failed."""

    process: Process
    look: Look
    document: ReportedDocument | None
    is_asked_for: bool

    @property
    def is_failed(self) -> bool:
        return self.process.status == MARKING_FAILED

    @property
    def is_moving(self) -> bool:
        return not self.is_failed and self.look is not STUCK

    @property
    def obstacle(self) -> str:
        """Why its failure cannot be acknowledged now."""
        return "That is on its way." if self.is_asked_for else ""


@dataclass(frozen=True, slots=True)
class Live:
    """The processes that are shown, and how many are not."""

    processes: Sequence[Process]
    more: Bounded

    @property
    def subjects(self) -> list[tuple[type[AcknowledgeProcessFailure], UUID]]:
        """What people may have asked for."""
        return [(AcknowledgeProcessFailure, one.pk) for one in self.processes if one.status == MARKING_FAILED]

    def told(self, way: OnTheirWay) -> list[Voiding]:
        """What has failed goes first, then what is stuck; of each, the latest."""
        ids = [process.subject for process in self.processes]
        documents = ReportedDocument.objects.select_related("report").in_bulk(ids)
        voidings = [
            Voiding(one, look_of(one), documents.get(UUID(one.subject)), (AcknowledgeProcessFailure, one.pk) in way)
            for one in self.processes
        ]
        voidings.sort(key=lambda one: one.process.moved_at, reverse=True)
        return sorted(voidings, key=lambda one: (not one.is_failed, one.is_moving))


def live() -> Live:
    """At most so many, from both ends of those that wait."""
    waiting = Process.objects.filter(type=DocumentVoiding.type_name, is_live=True)
    oldest, newest = waiting.order_by("moved_at")[:OLDEST], waiting.order_by("-moved_at")[:NEWEST]
    found = list(oldest.union(newest))
    if len(found) < OLDEST + NEWEST:
        return Live(found, Bounded(0))
    count = waiting.order_by()[: COUNTED + 1].count()
    return Live(found, Bounded(min(count, COUNTED) - len(found), is_more=count > COUNTED))
