"""Batches about to be written: members in bulk, next commands waiting for the end."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from opsconsole.engine import rows, waking
from opsconsole.engine.messages import Command, servable
from opsconsole.engine.states import AWAITING, PENDING, SUCCESS
from opsconsole.kernel import clock
from opsconsole.kernel.encoding import dumps
from opsconsole.kernel.identifiers import uuid7
from opsconsole.kernel.tracing import Cause

_INSERT = (
    "INSERT INTO ops_engine_batch (id, name, tenant, correlation_id, cause_kind, cause_id, metadata, size, step_id,"
    " status, created_at, settled_at)"
    " SELECT %(id)s, %(name)s, %(tenant)s, %(correlation_id)s, %(cause_kind)s, %(cause_id)s, %(metadata)s::jsonb,"
    " %(size)s, %(step_id)s, %(status)s, now.at, CASE WHEN %(status)s = 'success' THEN now.at END"
    " FROM (SELECT COALESCE(%(now)s::timestamptz, statement_timestamp()) AS at) AS now"
)


@dataclass(slots=True)
class NewBatch:
    """A batch with its members and next commands, planned in memory."""

    id: UUID
    name: str
    cause: Cause
    members: list[rows.NewCommand]
    next_commands: list[rows.NewCommand]
    step_id: UUID | None = None
    status: str = PENDING

    @classmethod
    def plan(
        cls,
        cause: Cause,
        commands: Iterable[Command],
        *,
        next_commands: dict[str, Command | None],
        name: str = "",
        tenant: str = "",
        queue: str | None = None,
        priority: int | None = None,
        not_before: datetime | None = None,
    ) -> "NewBatch":
        """Plan a batch; its name defaults to the type of its first member."""
        identifier = uuid7()
        cause = replace(cause, tenant=tenant or cause.tenant, correlation_id=cause.correlation_id or identifier)
        metadata = dumps(cause.metadata) if cause.metadata else "{}"

        def new(command: Command, kind: str, cause_id: UUID | None, **columns: object) -> rows.NewCommand:
            contract = command.__contract__
            return rows.NewCommand(
                id=uuid7(),
                type=contract.name,
                schema_version=contract.version,
                payload=command.encode(),
                tenant=cause.tenant,
                correlation_id=cause.correlation_id or identifier,
                cause_kind=kind,
                cause_id=cause_id,
                metadata=metadata,
                queue=contract.queue if queue is None else servable(queue),
                priority=contract.priority if priority is None else priority,
                max_attempts=contract.retry.max_attempts,
                **columns,  # type: ignore[arg-type]
            )

        members = [
            new(command, cause.kind, cause.id, batch_id=identifier, not_before=not_before) for command in commands
        ]
        nexts = [
            new(command, "batch", identifier, status=AWAITING, release_on=release)
            for release, command in next_commands.items()
            if command is not None
        ]
        return cls(identifier, name or (members[0].type if members else "empty"), cause, members, nexts)

    def await_step(self, step_id: UUID) -> None:
        """Make it a step of a workflow that waits for others."""
        self.step_id, self.status = step_id, AWAITING
        for member in self.members:
            member.status = AWAITING

    def write(self) -> None:
        """Store batch, members and next commands in the current transaction."""
        if not self.members and self.status == PENDING:
            self._succeed_empty()
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, self._columns())
        rows.insert_members(self.members)
        rows.insert_commands(self.next_commands)
        for queue in {rows.wakes(row) for row in (*self.members, *self.next_commands) if row.status == PENDING}:
            waking.after_commit(queue)

    def _succeed_empty(self) -> None:
        self.status = SUCCESS
        self.next_commands = [row for row in self.next_commands if row.release_on != "failure"]
        for row in self.next_commands:
            row.status = PENDING

    def _columns(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "tenant": self.cause.tenant,
            "correlation_id": self.cause.correlation_id,
            "cause_kind": self.cause.kind,
            "cause_id": self.cause.id,
            "metadata": dumps(self.cause.metadata) if self.cause.metadata else "{}",
            "size": len(self.members),
            "step_id": self.step_id,
            "status": self.status,
            "now": clock.frozen(),
        }
