"""What a piece of code wants written: planned in memory, stored in as few statements as possible."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection, models

from opsconsole.engine import rows, waking
from opsconsole.engine.messages import Command, Event, servable
from opsconsole.engine.sql import statement
from opsconsole.kernel import clock
from opsconsole.kernel.arrays import array
from opsconsole.kernel.encoding import dumps
from opsconsole.kernel.identifiers import uuid7
from opsconsole.kernel.tracing import Cause

if TYPE_CHECKING:
    from opsconsole.engine.batches import NewBatch
    from opsconsole.engine.workflows import NewWorkflow


class StreamConflict(Exception):
    """Somebody else appended first: the stream is not at the version that was expected."""

    def __init__(self, stream: str, expected: int | None, actual: int) -> None:
        super().__init__(f"stream {stream!r} is at version {actual}, not at {expected} as expected")
        self.stream, self.expected, self.actual = stream, expected, actual


@dataclass(frozen=True, slots=True)
class Sent:
    """A command that was sent, or the one that already held its unique key."""

    id: UUID
    is_new: bool = True


@dataclass(slots=True)
class Outbox:
    """Planned events, commands, batches and workflows of one cause."""

    cause: Cause
    events: list[rows.NewEvent] = field(default_factory=list)
    commands: list[rows.NewCommand] = field(default_factory=list)
    batches: list["NewBatch"] = field(default_factory=list)
    workflows: list["NewWorkflow"] = field(default_factory=list)
    unique: list[tuple[str, UUID, float | None]] = field(default_factory=list)
    appends: list[tuple[list[rows.NewEvent], int | None]] = field(default_factory=list)

    def plan_event(
        self,
        event: Event,
        *,
        source: models.Model | None,
        tenant: str,
        stream: str | None,
        expected: int | None,
    ) -> rows.NewEvent:
        new = self._new_event(event, source, tenant, stream)
        if stream is not None:
            self.appends.append(([new], expected))
        return new

    def plan_append(
        self,
        events: Iterable[Event],
        *,
        source: models.Model | None,
        tenant: str,
        stream: str,
        expected: int | None,
    ) -> list[rows.NewEvent]:
        """Events that follow one another in a stream: its versions are taken together."""
        new = [self._new_event(event, source, tenant, stream) for event in events]
        if new:
            self.appends.append((new, expected))
        return new

    def _new_event(self, event: Event, source: models.Model | None, tenant: str, stream: str | None) -> rows.NewEvent:
        contract = event.__contract__
        identifier = uuid7()
        new = rows.NewEvent(
            id=identifier,
            type=contract.name,
            schema_version=contract.version,
            data=event.encode(),
            stream=stream,
            source_model=source._meta.label_lower if source else "",
            source_id=str(source.pk) if source else "",
            **lineage(self.cause, identifier, tenant),
        )
        self.events.append(new)
        return new

    def plan_command(
        self,
        command: Command,
        *,
        tenant: str = "",
        not_before: datetime | None = None,
        delay: timedelta | None = None,
        priority: int | None = None,
        queue: str | None = None,
        max_attempts: int | None = None,
        unique: str | None = None,
        unique_for: timedelta | None = None,
    ) -> rows.NewCommand:
        contract = command.__contract__
        identifier = uuid7()
        new = rows.NewCommand(
            id=identifier,
            type=contract.name,
            schema_version=contract.version,
            payload=command.encode(),
            queue=contract.queue if queue is None else servable(queue),
            priority=contract.priority if priority is None else priority,
            max_attempts=contract.retry.max_attempts if max_attempts is None else max_attempts,
            not_before=not_before,
            delay=delay.total_seconds() if delay else 0.0,
            **lineage(self.cause, identifier, tenant),
        )
        if unique is not None:
            new.unique_key = f"{contract.name}:{unique}"
            window = unique_for.total_seconds() if unique_for else None
            self.unique.append((new.unique_key, identifier, window))
        self.commands.append(new)
        return new

    def write(self) -> None:
        """Store everything planned, in the current transaction, and wake whoever will execute it.

        A version of a stream is taken right before its event is stored: together they commit or vanish.
        """
        self.take_unique_keys()
        if self.events:
            _take_versions(self.appends)
            rows.insert_events(self.events)
            waking.after_commit(waking.EVENTS)
        for batch in self.batches:
            batch.write()
        for workflow in self.workflows:
            workflow.write()
        if self.commands:
            rows.insert_commands(self.commands)
            for queue in {rows.wakes(command) for command in self.commands if command.status == "pending"}:
                waking.after_commit(queue)
        self.clear()

    def take_unique_keys(self) -> dict[UUID, UUID]:
        """Take the keys asked for; drop commands whose key is held. Returns dropped id → holder's id.

        They are taken in their order, against deadlocks; of those that ask for the same one, the first gets it.
        """
        held = {}
        for key, identifier, window in sorted(self.unique, key=itemgetter(0)):
            holder = _holder(key, identifier, window)
            if holder != identifier:
                held[identifier] = holder
        if held:
            self.commands = [command for command in self.commands if command.id not in held]
        self.unique = []
        return held

    def join(self, other: "Outbox") -> None:
        """Take over everything that another one has planned: to be stored together."""
        self.events += other.events
        self.appends += other.appends
        self.commands += other.commands
        self.batches += other.batches
        self.workflows += other.workflows
        self.unique += other.unique

    def clear(self) -> None:
        self.events, self.commands, self.batches, self.workflows = [], [], [], []
        self.unique, self.appends = [], []

    def __bool__(self) -> bool:
        return bool(self.events or self.commands or self.batches or self.workflows)


def lineage(cause: Cause, identifier: UUID, tenant: str) -> dict[str, Any]:
    """The lineage columns of a new row; a row without a cause begins a flow of its own."""
    return {
        "tenant": tenant or cause.tenant,
        "correlation_id": cause.correlation_id or identifier,
        "cause_kind": cause.kind,
        "cause_id": cause.id,
        "metadata": dumps(cause.metadata) if cause.metadata else "{}",
    }


def _take_versions(appends: Sequence[tuple[list[rows.NewEvent], int | None]]) -> None:
    """In their order; those to many streams, whatever their versions, in one statement."""
    counts = {str(appended[0].stream): len(appended) for appended, expected in appends if expected is None}
    if 1 < len(counts) == len(appends):
        lasts = _advance_all(counts)
        for appended, _ in appends:
            _number(appended, lasts[str(appended[0].stream)])
        return
    for appended, expected in appends:
        _number(appended, _advance(str(appended[0].stream), expected, len(appended)))


def _number(appended: Sequence[rows.NewEvent], last: int) -> None:
    for version, new in enumerate(appended, last - len(appended) + 1):
        new.version = version


def _advance_all(counts: dict[str, int]) -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(statement("advance_streams"), {"streams": array(counts), "counts": array(counts.values())})
        return dict(cursor.fetchall())


def _advance(stream: str, expected: int | None, count: int) -> int:
    name = "advance_known_stream" if expected else "advance_stream"
    with connection.cursor() as cursor:
        cursor.execute(statement(name), {"stream": stream, "expected": expected, "count": count})
        if row := cursor.fetchone():
            return int(row[0])
        cursor.execute("SELECT version FROM ops_engine_stream WHERE id = %s", [stream])
        actual = (cursor.fetchone() or (0,))[0]
    raise StreamConflict(stream, expected, actual)


def _holder(key: str, identifier: UUID, window: float | None) -> UUID:
    with connection.cursor() as cursor:
        while True:
            cursor.execute(
                statement("take_unique_key"),
                {"key": key, "command_id": identifier, "window": window, "now": clock.frozen()},
            )
            if row := cursor.fetchone():
                return UUID(str(row[0]))
            cursor.execute("SELECT command_id FROM ops_engine_uniquekey WHERE key = %s", [key])
            if row := cursor.fetchone():
                return UUID(str(row[0]))
