"""Taking due work: a chunk at a time, sized by how long its types have lately taken."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction

from opsconsole.engine.configuration import configuration
from opsconsole.engine.heartbeat import Held, give_back, heart
from opsconsole.engine.limits import Allowances, allowances, limited
from opsconsole.engine.messages import EVENTS
from opsconsole.engine.sql import statement
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import moment_of, uuid7, uuid7_floor

LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)
LOWEST_PRIORITY = -32768
LOWEST_ID = UUID(int=0)
FULL_SCAN = 1.0  # seconds a low-water mark may be trusted: rows of a lost claim are older, and must be seen soon
MARGIN = timedelta(seconds=5)


class ClaimedCommand(NamedTuple):
    """A command as its claim returned it; payload and metadata are JSON text."""

    id: UUID
    type: str
    queue: str
    schema_version: int
    payload: str
    tenant: str
    correlation_id: UUID
    cause_kind: str
    cause_id: UUID | None
    metadata: str
    attempts: int
    max_attempts: int
    losses: int
    batch_id: UUID | None
    step_id: UUID | None
    unique_key: str | None
    created_at: datetime
    priority: int
    not_before: datetime
    place: int


class ClaimedEvent(NamedTuple):
    """An event as its claim returned it; data and metadata are JSON text."""

    id: UUID
    type: str
    schema_version: int
    data: str
    tenant: str
    correlation_id: UUID
    metadata: str
    attempts: int
    created_at: datetime
    source_model: str
    source_id: str


@dataclass(slots=True)
class Chunk:
    """Rows held under one claim."""

    held: Held
    commands: Sequence[ClaimedCommand] = ()
    events: Sequence[ClaimedEvent] = ()


@dataclass(slots=True)
class LowWater:
    """Where this process last found live work: the scan need not begin before it."""

    priority: int = LOWEST_PRIORITY
    due: datetime = LONG_AGO
    scanned_at: float = 0.0

    def refresh(self) -> None:
        """Look at everything again, now and then: rows commit late, retries carry old times."""
        if time.monotonic() - self.scanned_at > FULL_SCAN:
            self.priority, self.due, self.scanned_at = LOWEST_PRIORITY, LONG_AGO, time.monotonic()

    def rise(self, first: ClaimedCommand) -> None:
        self.priority, self.due = first.priority, max(first.not_before, LONG_AGO + MARGIN) - MARGIN


@dataclass(slots=True)
class LowId:
    """The same for events, which are taken in the order of their identifiers."""

    identifier: UUID = LOWEST_ID
    scanned_at: float = 0.0

    def refresh(self) -> None:
        if time.monotonic() - self.scanned_at > FULL_SCAN:
            self.identifier, self.scanned_at = LOWEST_ID, time.monotonic()

    def rise(self, first: UUID) -> None:
        self.identifier = uuid7_floor(moment_of(first) - MARGIN)


@dataclass(slots=True)
class Costs:
    """Recent durations by type, in seconds: an average that forgets."""

    seconds: dict[str, float] = field(default_factory=dict)

    def learn(self, type_name: str, seconds: float) -> None:
        known = self.seconds.get(type_name)
        self.seconds[type_name] = seconds if known is None else known + 0.2 * (seconds - known)


@dataclass(slots=True)
class Paused:
    """What operators hold back, read at most once a second."""

    types: list[str] = field(default_factory=list)
    queues: list[str] = field(default_factory=list)
    tenants: list[str] = field(default_factory=list)
    read_at: float = 0.0

    def refresh(self) -> None:
        if time.monotonic() - self.read_at < 1.0 and clock.frozen() is None:
            return
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT scope, key FROM ops_engine_pause"
                " WHERE until IS NULL OR until > COALESCE(%s::timestamptz, statement_timestamp())",
                [clock.frozen()],
            )
            pauses = cursor.fetchall()
        self.types = [key for scope, key in pauses if scope == "type"]
        self.queues = [key for scope, key in pauses if scope == "queue"]
        self.tenants = [key for scope, key in pauses if scope == "tenant"]
        self.read_at = time.monotonic()


costs = Costs()
_low_waters: dict[str, LowWater] = {}
_low_events = LowId()
_paused = Paused()


def claim_commands(queue: str) -> Chunk | None:
    """Claim due commands of a queue for this process, or None when nothing is due."""
    _paused.refresh()
    if queue in _paused.queues:
        return None
    with _new_claim() as claim_id:
        if limits := limited():
            with transaction.atomic(durable=True):
                allowed = allowances(limits)
                commands = _claim_commands(queue, claim_id, allowed)
                if commands:
                    allowed.spend(command.type for command in commands)
        else:
            commands = _claim_commands(queue, claim_id, Allowances({}, {}))
        return Chunk(heart.hold(claim_id), commands=commands) if commands else None


@contextmanager
def _new_claim() -> Iterator[UUID]:
    """What an error keeps this process from holding may have been claimed all the same: it is given back."""
    claim_id = uuid7()
    try:
        yield claim_id
    except BaseException:
        heart.abandon(Held(claim_id))
        raise


def _claim_commands(queue: str, claim_id: UUID, allowed: Allowances) -> list[ClaimedCommand]:
    settings = configuration()
    low = _low_waters.setdefault(queue, LowWater())
    low.refresh()
    with connection.cursor() as cursor:
        cursor.execute(
            statement("claim_commands"),
            {
                "queue": queue,
                "claim_id": claim_id,
                "worker": heart.name,
                "limit": settings.chunk_size,
                "lease": settings.lease,
                "budget": settings.chunk_seconds,
                "low_priority": low.priority,
                "low_time": low.due,
                "paused_types": [*_paused.types, *allowed.exhausted],
                "paused_tenants": _paused.tenants,
                "types": list(costs.seconds),
                "costs": list(costs.seconds.values()),
                "limited": list(allowed.by_type),
                "allowances": list(allowed.by_type.values()),
                "now": clock.frozen(),
            },
        )
        commands = [ClaimedCommand._make(row) for row in cursor.fetchall()]
    if commands:
        low.rise(commands[0])
    return commands


def forget() -> None:
    """Drop what this process believes about the queues: for test kits, whose clocks jump."""
    _low_waters.clear()
    _low_events.scanned_at = 0.0
    _paused.read_at = 0.0


def claim_events() -> Chunk | None:
    """Claim pending events for this process, or None when there are none."""
    settings = configuration()
    _low_events.refresh()
    with _new_claim() as claim_id, connection.cursor() as cursor:
        cursor.execute(
            statement("claim_events"),
            {
                "claim_id": claim_id,
                "worker": heart.name,
                "limit": settings.event_chunk_size,
                "lease": settings.lease,
                "low_id": _low_events.identifier,
                "known": [name for name, _ in EVENTS],
                "versions": [message.__contract__.version for _, message in EVENTS],
                "grace": settings.unknown_grace,
                "now": clock.frozen(),
            },
        )
        events = [ClaimedEvent._make(row) for row in cursor.fetchall()]
        if not events:
            return None
        _low_events.rise(events[0].id)
        return Chunk(heart.hold(claim_id), events=events)


def release(chunk: Chunk) -> None:
    """End a claim; what was not begun goes back untouched, at the next heartbeat if the database is away."""
    try:
        with connection.cursor() as cursor:
            give_back(cursor, chunk.held)
    except BaseException:
        heart.abandon(chunk.held)
        raise
    heart.release(chunk.held)
