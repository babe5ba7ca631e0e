"""What a page of events set off: the states of their commands and batches, a few for each."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.db import connection

from opsconsole.engine.models import Batch
from opsconsole.kernel.identifiers import moment_of, uuid7_floor

SHOWN = 8  # commands and batches named for one event
NEAR = 60  # commands of an event looked at from each end, for those that belong to no batch
SKEW = timedelta(days=1)  # by so much the clock of a worker may differ from that of the event's writer

_Row = tuple[UUID, UUID, str, str, bool]


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
    for event, identifier, name, status in _commands(events):
        found[event].add(Mark("command", identifier, name, status))
    batches = Batch.objects.filter(cause_id__in=events, cause_kind="event").order_by("id")
    for batch in batches[:500]:
        if batch.cause_id:
            found[batch.cause_id].add(Mark("batch", batch.pk, batch.name, batch.status))
    return found


def _commands(events: Sequence[UUID]) -> Iterator[tuple[UUID, UUID, str, str]]:
    """Commands that belong to no batch. An event may have set off a batch of a hundred thousand, so only its first
    commands are looked at, and its last ones when there are more."""
    if not events:
        return
    rows = _near(events, "ASC")
    counts = Counter(row[0] for row in rows)
    if many := [event for event, count in counts.items() if count == NEAR]:
        rows = list(dict.fromkeys([*rows, *sorted(_near(many, "DESC"))]))
    yield from (row[:4] for row in rows if not row[4])


def _near(events: Sequence[UUID], order: str) -> list[_Row]:
    # BETWEEN and not =, and both columns in the order: else the planner, who does not know that one event may have
    # a hundred thousand commands, reads and sorts them all instead of walking the index.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT event.id, command.id, command.type, command.status, command.batch_id IS NOT NULL"
            " FROM unnest(%(events)s::uuid[]) AS event (id)"
            " CROSS JOIN LATERAL ("
            "   SELECT id, type, status, batch_id, cause_kind FROM ops_engine_command"
            "    WHERE cause_id BETWEEN event.id AND event.id AND id >= %(since)s"  # prunes partitions
            f"   ORDER BY cause_id {order}, id {order} LIMIT %(near)s"
            " ) AS command WHERE command.cause_kind = 'event' ORDER BY command.id",
            {"events": list(events), "since": uuid7_floor(moment_of(min(events)) - SKEW), "near": NEAR},
        )
        return cursor.fetchall()  # type: ignore[no-any-return]
