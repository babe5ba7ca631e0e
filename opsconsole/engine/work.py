"""What a handler or reaction holds in its hands: its identity, and everything that it may set off.

Whatever is sent, emitted or batched here is stored in the transaction that records the success: a handler
that fails has set off nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import models

from opsconsole.engine.batches import NewBatch
from opsconsole.engine.messages import Command, Event
from opsconsole.engine.outbox import Outbox, Sent
from opsconsole.kernel import clock

if TYPE_CHECKING:
    from opsconsole.engine.heartbeat import Held
    from opsconsole.engine.workflows import Workflow

LOG_LINES = 200  # kept of one try


@dataclass(slots=True)
class Acting:
    """Base of both: sends in the name of a cause."""

    outbox: Outbox

    @property
    def tenant(self) -> str:
        return self.outbox.cause.tenant

    @property
    def correlation_id(self) -> UUID | None:
        """The flow that everything here belongs to."""
        return self.outbox.cause.correlation_id

    def send(
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
    ) -> Sent:
        """As `opsconsole.engine.send`. A unique key is taken when the work is stored: the id returned for a
        command whose key turns out to be held names nothing."""
        new = self.outbox.plan_command(
            command,
            tenant=tenant,
            not_before=not_before,
            delay=delay,
            priority=priority,
            queue=queue,
            max_attempts=max_attempts,
            unique=unique,
            unique_for=unique_for,
        )
        return Sent(new.id)

    def batch(
        self,
        commands: Iterable[Command],
        *,
        name: str = "",
        on_success: Command | None = None,
        on_failure: Command | None = None,
        on_completion: Command | None = None,
        queue: str | None = None,
        priority: int | None = None,
        not_before: datetime | None = None,
    ) -> UUID:
        """As `opsconsole.engine.send_batch`; returns the batch's id."""
        batch = NewBatch.plan(
            self.outbox.cause,
            commands,
            name=name,
            next_commands={"success": on_success, "failure": on_failure, "completion": on_completion},
            queue=queue,
            priority=priority,
            not_before=not_before,
        )
        self.outbox.batches.append(batch)
        return batch.id

    def start(self, workflow: "Workflow") -> UUID:
        """Start a workflow; returns its id."""
        planned = workflow.plan(self.outbox.cause)
        self.outbox.workflows.append(planned)
        return planned.id


@dataclass(slots=True)
class Reacting(Acting):
    """Handed to a reaction, with the facts about its event."""

    event_id: UUID
    occurred_at: datetime
    source_model: str
    source_id: str


@dataclass(slots=True)
class Work(Acting):
    """Handed to a handler, with the facts about its command."""

    id: UUID
    attempt: int
    max_attempts: int
    batch_id: UUID | None
    idempotency_key: str
    held: "Held"
    lines: list[dict[str, Any]] = field(default_factory=list)

    def emit(
        self,
        event: Event,
        *,
        source: models.Model | None = None,
        tenant: str = "",
        stream: str | None = None,
        expected: int | None = None,
    ) -> UUID:
        """As `opsconsole.engine.emit`; the event knows this command as its cause. A version of a stream is
        taken when the event is stored, as the handler ends: a StreamConflict fails the command then."""
        return self.outbox.plan_event(event, source=source, tenant=tenant, stream=stream, expected=expected).id

    def append(self, stream: str, *events: Event, expected: int | None = None, tenant: str = "") -> None:
        """Emit events that follow one another in a stream: their versions are taken together, as with `emit`."""
        self.outbox.plan_append(events, source=None, tenant=tenant, stream=stream, expected=expected)

    def log(self, text: str, **fields: Any) -> None:
        """Note something about this try; it is kept whether the try succeeds or fails."""
        if len(self.lines) < LOG_LINES:
            self.lines.append({"at": clock.now().isoformat(), "text": text, **fields})

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Tell how far it is; shown while it runs, within a second or two."""
        self.held.report({"command": str(self.id), "done": done, "total": total, "note": note})
