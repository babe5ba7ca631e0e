"""What lists can be narrowed by: the console's own filters, read by the console's own readers."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Literal, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from pydantic import BaseModel, Field

from opsconsole.api.callers import Caller
from opsconsole.api.paging import page_size
from opsconsole.api.parameters import Bound
from opsconsole.api.problems import Problem
from opsconsole.console.reading import Reading
from opsconsole.console.views.filters import READERS
from opsconsole.engine.queries.filters import Filter
from opsconsole.engine.queries.lists import Page, read_page
from opsconsole.engine.queries.windows import Chosen

F = TypeVar("F", bound=Filter)
M = TypeVar("M", bound=Model)
NOBODY = "\1"  # no tenant is called so
Name = Annotated[str, Field(max_length=200)]
EventStatus = Literal["pending", "processing", "success", "error"]
CommandStatus = Literal["awaiting", "pending", "processing", "success", "error", "cancelled"]
WorkflowStatus = Literal["processing", "success", "error", "cancelled"]


class Paged(BaseModel):
    cursor: UUID | None = Field(None, description="Where the page before ended: part of its `next`.")
    limit: Annotated[int, Field(ge=1)] | None = Field(None, description="Rows of a page; there is a most.")

    @property
    def size(self) -> int:
        return page_size(self.limit)

    def conditions(self) -> dict[str, str]:
        """As they would stand in the console's address."""
        given = self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"cursor", "limit"})
        if {"from", "to"} & given.keys():
            given["range"] = "custom"
        return {name: str(value) for name, value in given.items()}


class Timed(Paged):
    tenant: Annotated[str, Field(max_length=100)] | None = None
    range: Literal["15m", "1h", "24h", "7d"] | None = Field(
        None, description="Made within so long. Of no effect beside from and to."
    )
    from_: Bound | None = Field(None, alias="from", description="Made at this time or later.")
    to: Bound | None = Field(None, description="Made before.")


class Flowing(Timed):
    type: Name | None = Field(None, description="Its type; of batches and workflows their name.")
    ended_from: Bound | None = None
    ended_to: Bound | None = None
    correlation: UUID | None = Field(None, description="All of one flow.")
    cause: UUID | None = Field(None, description="What this row has set off.")


class EventsWanted(Flowing):
    status: EventStatus | None = None
    enqueued: CommandStatus | None = Field(None, description="The status of a command that it set off.")


class CommandsWanted(Flowing):
    status: CommandStatus | None = None
    queue: Annotated[str, Field(max_length=60)] | None = None
    condition: Literal["retrying", "unhealed"] | None = None
    batch: UUID | None = Field(None, description="Members of this batch.")


class BatchesWanted(Flowing):
    status: CommandStatus | None = None


class WorkflowsWanted(Flowing):
    status: WorkflowStatus | None = None


def filter_of(kind: str, wanted: Timed, caller: Caller) -> Filter:
    return narrowed(READERS[kind], wanted, caller)


def narrowed(read: Callable[[Reading], F], wanted: Timed, caller: Caller) -> F:
    """What the console would read; whose rows is decided here, by the letter. Raises Problem: 422."""
    reading = Reading(wanted.conditions())
    understood = read(reading)
    if reading.complaints:
        raise Problem(422, "; ".join(reading.complaints))
    return replace(understood, tenant=_tenant(wanted.tenant, caller))


def page_of(rows: QuerySet[M], wanted: Filter, asked: Paged) -> Page[M]:
    """The page that was asked for; of nobody's rows there is none, which is known without a look."""
    if wanted.tenant == NOBODY:
        return Page([], Chosen(rows.model, (), Q()))
    return read_page(rows, wanted, before=asked.cursor, size=asked.size)


def _tenant(asked: str | None, caller: Caller) -> str:
    if caller.tenant:
        return caller.tenant if asked in (None, caller.tenant) else NOBODY
    return asked or ""
