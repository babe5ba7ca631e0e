"""What a page of events set off: the states of their commands and batches, a few for each."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection

from opsconsole.engine.models import Batch
from opsconsole.engine.sql import statement

SHOWN = 8  # commands and batches named for one event
NEAR = 60  # commands of an event looked at from each end, for those that belong to no batch


@dataclass(frozen=True, slots=True)
class Mark:
    """A command or batch, as far as an icon tells."""

    kind: str
    id: UUID
    name: str
    status: str


@dataclass(slots=True)
class Enqueued:
    """What one event set off: at most SHOWN are named, `more` were seen beyond them."""

    marks: list[Mark] = field(default_factory=list)
    more: int = 0

    def add(self, mark: Mark) -> None:
        if len(self.marks) < SHOWN:
            self.marks.append(mark)
        else:
            self.more += 1


def enqueued_by(events: Sequence[UUID]) -> dict[UUID, Enqueued]:
    """For each event, its commands in the order they were sent, then its batches."""
    found: defaultdict[UUID, Enqueued] = defaultdict(Enqueued)
    if not events:
        return found
    with connection.cursor() as cursor:
        cursor.execute(statement("read_enqueued"), {"events": list(events), "near": NEAR})
        for event, identifier, name, status in cursor.fetchall():
            found[event].add(Mark("command", identifier, name, status))
    batches = Batch.objects.filter(cause_id__in=events, cause_kind="event").order_by("id")
    for cause, identifier, name, status in batches.values_list("cause_id", "id", "name", "status")[:500]:
        found[cause].add(Mark("batch", identifier, name, status))  # type: ignore[index]  # it was filtered on
    return found
