"""One shape for everything that belongs to a flow, whatever table it lies in."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet

from opsconsole.engine.models import Batch, Command, Event, Workflow


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An event, command, batch or workflow of a flow; columns that its table lacks keep their default.

    `members` counts the members of a batch by status, "healed" being a failed one that a reprocessing
    made good; `more_members` says that counting stopped at its bound.
    """

    kind: str
    id: UUID
    name: str
    status: str
    cause_kind: str
    cause_id: UUID | None
    created_at: datetime
    tenant: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    not_before: datetime | None = None
    attempts: int = 0
    max_attempts: int = 0
    batch_id: UUID | None = None
    step_id: UUID | None = None
    release_on: str | None = None
    healed_by: UUID | None = None
    error_class: str = ""
    size: int = 0
    members: dict[str, int] = field(default_factory=dict)
    more_members: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """Where items of a kind lie, and which columns become which fields of Item."""

    model: type[Model]
    columns: dict[str, str]

    def rows(self) -> QuerySet[Any]:
        return self.model._default_manager.all()

    def read(self, rows: QuerySet[Any], kind: str) -> list[Item]:
        fields = (*_SHARED, *self.columns)
        columns = (*_SHARED.values(), *self.columns.values())
        return [Item(kind=kind, **dict(zip(fields, row, strict=True))) for row in rows.values_list(*columns)]


_SHARED = {
    "id": "id", "status": "status", "cause_kind": "cause_kind", "cause_id": "cause_id", "created_at": "created_at",
    "tenant": "tenant",
}  # fmt: skip
_RUN = {
    "started_at": "started_at",
    "ended_at": "finished_at",
    "attempts": "attempts",
    "error_class": "error_class",
}
_WAY = {name: name for name in ("not_before", "max_attempts", "batch_id", "step_id", "release_on", "healed_by")}

KINDS = {
    "event": Kind(Event, {"name": "type", **_RUN}),
    "command": Kind(Command, {"name": "type", **_RUN, **_WAY}),
    "batch": Kind(
        Batch,
        {
            "name": "name",
            "started_at": "started_at",
            "ended_at": "settled_at",
            "step_id": "step_id",
            "size": "size",
        },
    ),
    "workflow": Kind(Workflow, {"name": "name", "ended_at": "settled_at"}),
}


def read(kind: str, rows: QuerySet[Any]) -> list[Item]:
    """The items of `kind` that `rows` selects; `rows` must be bounded."""
    return KINDS[kind].read(rows, kind)


def by_id(kind: str, ids: Iterable[UUID]) -> list[Item]:
    wanted = sorted(set(ids))
    return read(kind, KINDS[kind].rows().filter(id__in=wanted)) if wanted else []
