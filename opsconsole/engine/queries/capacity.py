"""What waits, and who is there to work on it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from opsconsole.engine.configuration import configuration
from opsconsole.engine.models import Event, Pause
from opsconsole.engine.queries.present import database_now
from opsconsole.engine.queries.windows import Bounded
from opsconsole.engine.sql import statement
from opsconsole.engine.states import PENDING
from opsconsole.kernel import clock

EVENTS = "events"  # how the queue of events that wait for their reactions is called here
DEPTH_BOUND = 10_000


@dataclass(frozen=True, slots=True)
class Backlog:
    """Due work that nobody has begun. `age` counts from when the oldest became due; None when nothing is due."""

    queue: str
    due: Bounded
    age: timedelta | None
    is_paused: bool = False


@dataclass(slots=True)
class Worker:
    """A living process. `held` counts rows of its claims, `doing` names their types, the running one first;
    `progress` is what that has reported."""

    name: str
    host: str
    pid: int
    started_at: datetime
    seen_at: datetime
    queue: str = ""
    held: int = 0
    doing: list[str] = field(default_factory=list)
    progress: dict[str, Any] | None = None

    def hold(self, queue: str, size: int, types: list[str], progress: dict[str, Any] | None) -> None:
        """Add what one of its claims holds."""
        self.queue = queue or self.queue
        self.held += size
        self.doing = list(dict.fromkeys([*self.doing, *types]))
        self.progress = progress or self.progress


@dataclass(frozen=True, slots=True)
class Dispatcher:
    name: str
    host: str
    pid: int
    seen_at: datetime
    is_active: bool


@dataclass(frozen=True, slots=True)
class Overdue:
    """Claims whose lease ran out and that nobody took back: the oldest since how long."""

    count: int
    age: timedelta


def backlogs() -> list[Backlog]:
    """Each queue with pending commands, and the events if any wait; the longest waiting first."""
    with connection.cursor() as cursor:
        cursor.execute(statement("read_backlogs"), {"now": clock.frozen(), "bound": DEPTH_BOUND + 1})
        rows = cursor.fetchall()
    paused = set(Pause.objects.filter(scope="queue").values_list("key", flat=True))
    found = [
        Backlog(queue, Bounded(min(due, DEPTH_BOUND), due > DEPTH_BOUND), age, queue in paused)
        for queue, due, age in [*rows, *_events()]
    ]
    return sorted(found, key=lambda row: (-(row.age or timedelta(-1)), row.queue))


def _events() -> Iterable[tuple[str, int, timedelta]]:
    waiting = Event.objects.filter(status=PENDING)
    if oldest := waiting.order_by("id").values_list("created_at", flat=True).first():
        count = waiting.order_by()[: DEPTH_BOUND + 1].count()
        yield EVENTS, count, max(database_now() - oldest, timedelta(0))


def workers() -> list[Worker]:
    """Worker processes seen lately, by the database's clock, and what they hold."""
    with connection.cursor() as cursor:
        cursor.execute(statement("read_workers"), {"seen": configuration().runner_seen})
        rows = cursor.fetchall()
    found: dict[str, Worker] = {}
    for name, host, pid, started_at, seen_at, queue, size, types, progress in rows:
        worker = found.setdefault(name, Worker(name, host, pid, started_at, seen_at))
        worker.hold(queue, size or 0, types or [], json.loads(progress) if progress else None)
    return list(found.values())


def dispatchers() -> list[Dispatcher]:
    """Dispatchers seen lately; the active one first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, host, pid, seen_at, EXISTS (SELECT FROM ops_engine_leadership AS lead"
            " WHERE lead.role = 'dispatcher' AND lead.owner = runner.name AND lead.until > clock_timestamp())"
            " FROM ops_engine_runner AS runner WHERE kind = 'dispatcher'"
            " AND seen_at > statement_timestamp() - make_interval(secs => %s) ORDER BY 5 DESC, name LIMIT 50",
            [configuration().runner_seen],
        )
        return [Dispatcher(*row) for row in cursor.fetchall()]


def overdue_claims() -> Overdue | None:
    """Claims that a sweeper should have taken back, if there are any."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), statement_timestamp() - min(lease_until) FROM ("
            " SELECT lease_until FROM ops_engine_claim"
            " WHERE lease_until < statement_timestamp() - make_interval(secs => %s) LIMIT 1000) AS overdue",
            [3 * configuration().sweep + 2],
        )
        count, age = cursor.fetchone()
    return Overdue(count, age) if count else None


def pauses() -> list[Pause]:
    return list(Pause.objects.order_by("scope", "key")[:100])
