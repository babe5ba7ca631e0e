"""Rows about to be written, and the statements that write them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection

from opsconsole.engine import waking
from opsconsole.engine.partitions import NoPartition
from opsconsole.engine.sql import statement
from opsconsole.kernel import clock
from opsconsole.kernel.arrays import array

BLOCK = 5_000  # rows a statement: keeps its text and the server's memory bounded


@dataclass(slots=True, kw_only=True)
class NewCommand:
    """A command to be stored. `payload` and `metadata` are JSON text; `delay` is in seconds."""

    id: UUID
    type: str
    schema_version: int
    payload: str
    tenant: str
    correlation_id: UUID
    cause_kind: str
    cause_id: UUID | None
    metadata: str
    queue: str
    priority: int
    max_attempts: int
    not_before: datetime | None = None
    delay: float = 0.0
    status: str = "pending"
    batch_id: UUID | None = None
    step_id: UUID | None = None
    release_on: str | None = None
    unique_key: str | None = None


@dataclass(slots=True, kw_only=True)
class NewEvent:
    """An event to be stored. `data` and `metadata` are JSON text."""

    id: UUID
    type: str
    schema_version: int
    data: str
    tenant: str
    correlation_id: UUID
    cause_kind: str
    cause_id: UUID | None
    metadata: str
    source_model: str = ""
    source_id: str = ""
    stream: str | None = None
    version: int | None = None


_COMMAND_COLUMNS = tuple(field.name for field in fields(NewCommand))
_EVENT_COLUMNS = tuple(field.name for field in fields(NewEvent))
_MEMBER_COLUMNS = ("id", "type", "schema_version", "payload", "queue", "priority", "max_attempts")
_SHARED_COLUMNS = (
    "tenant", "correlation_id", "cause_kind", "cause_id", "metadata", "not_before", "status", "batch_id",
)  # fmt: skip


def wakes(command: NewCommand) -> str:
    """Whom a pending command wakes: its queue, or the timer when it is due later."""
    return waking.TIMER if command.delay or command.not_before else command.queue


def insert_commands(rows: Sequence[NewCommand]) -> None:
    _insert("insert_commands", rows, _COMMAND_COLUMNS)


def insert_events(rows: Sequence[NewEvent]) -> None:
    _insert("insert_events", rows, _EVENT_COLUMNS)


def insert_members(rows: Sequence[NewCommand]) -> None:
    """Store members of one batch: they share everything but identity, type, payload and routing."""
    if rows:
        shared = {column: getattr(rows[0], column) for column in _SHARED_COLUMNS}
        _insert("insert_members", rows, _MEMBER_COLUMNS, shared)


def _insert(name: str, rows: Sequence[Any], columns: tuple[str, ...], shared: dict[str, Any] | None = None) -> None:
    sql = statement(name)
    with connection.cursor() as cursor, naming_missing_partitions():
        for start in range(0, len(rows), BLOCK):
            block = rows[start : start + BLOCK]
            arrays: dict[str, Any] = {column: array([getattr(row, column) for row in block]) for column in columns}
            cursor.execute(sql, {**arrays, **(shared or {}), "now": clock.frozen()})


@contextmanager
def naming_missing_partitions() -> Iterator[None]:
    """Turn the database's refusal of a row outside every partition into NoPartition."""
    try:
        yield
    except IntegrityError as error:
        if not _is_outside_partitions(error):
            raise
        raise NoPartition(
            "no partition holds rows made now: this host's clock says "
            f"{clock.now():%Y-%m-%d %H:%M} UTC. Is it right, and does a dispatcher run? It makes partitions ahead."
        ) from error


def _is_outside_partitions(error: IntegrityError) -> bool:
    """A violated CHECK names its constraint, this does not. The message's words depend on the server's language."""
    cause: Any = error.__cause__
    return getattr(cause, "sqlstate", None) == "23514" and cause.diag.constraint_name is None
