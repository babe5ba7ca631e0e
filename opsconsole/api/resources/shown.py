"""What is told of events, commands, batches, workflows and their tries."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, Field

from opsconsole.api.bodies import Shown


def _seconds(value: Any) -> Any:
    return value.total_seconds() if isinstance(value, timedelta) else value


Seconds = Annotated[float, BeforeValidator(_seconds)]


class Row(Shown):
    """What all have in common; `causeKind` and `causeId` lead to why it is there."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    tenant: str
    status: str = Field(examples=["success"])
    correlation_id: UUID
    cause_kind: str
    cause_id: UUID | None
    created_at: datetime


class EventBrief(Row):
    type: str = Field(examples=["academics.class_activity_created"])
    source_model: str
    source_id: str
    attempts: int
    started_at: datetime | None
    finished_at: datetime | None
    duration: Seconds | None = Field(description="Seconds that its reactions took.")
    error_class: str


class CommandBrief(Row):
    type: str = Field(examples=["academics.send_activity_email"])
    queue: str
    attempts: int
    max_attempts: int
    not_before: datetime
    started_at: datetime | None
    finished_at: datetime | None
    duration: Seconds | None = Field(description="Seconds that its handler took.")
    error_class: str
    healed_by: UUID | None
    batch_id: UUID | None
    step_id: UUID | None
    release_on: str | None


class BatchBrief(Row):
    name: str
    size: int
    step_id: UUID | None
    started_at: datetime | None
    settled_at: datetime | None
    success_count: int
    error_count: int
    cancelled_count: int


class WorkflowBrief(Row):
    name: str
    settled_at: datetime | None


class Try(Shown):
    """A try that did not succeed."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    outcome: str = Field(examples=["retry"])
    is_final: bool
    worker: str
    started_at: datetime | None
    ended_at: datetime
    retry_at: datetime | None
    error_class: str
    message: str
    traceback: str
    log: Any = None


class Node(Shown):
    """Something of the flow; of many alike one stands for all, and `counts` has them by status."""

    key: str
    kind: str
    id: UUID
    name: str
    status: str
    items: int = Field(description="How many it stands for.")
    counts: dict[str, int]
    is_partial: bool = Field(description="There are more than `counts` tells.")
    step: str


class Link(Shown):
    """An arrow between two keys: cause, reprocess, next (of a batch) or step (of a workflow)."""

    source: str
    target: str
    kind: str


class Lineage(Shown):
    """Everything that one cause set off. `isCut`: there is more than was read; `hidden` nodes were left out."""

    nodes: list[Node]
    links: list[Link]
    hidden: int
    is_cut: bool


class Whole(Shown):
    """What one resource has beside its row."""

    metadata: dict[str, Any]
    lineage: Lineage | None


class Tried(Whole):
    error: str
    tries: list[Try] = Field(description="Those that did not succeed, the latest first; at most 50.")


class EventShown(Tried, EventBrief):
    data: Any
    schema_version: int
    stream: str | None
    version: int | None
    position: int | None


class CommandShown(Tried, CommandBrief):
    payload: Any
    schema_version: int
    priority: int
    losses: int
    log: Any = Field(None, description="What its handler noted in the try that succeeded.")
    worker: str | None = Field(None, description="Who holds it.")
    progress: Any = Field(None, description="What its handler last reported, while it runs.")


class BatchShown(Whole, BatchBrief):
    members: dict[str, int] = Field(description="By status; a failed one that was made good is healed.")
    is_bounded: bool = Field(
        description="Counting stopped at many thousands: there may be more, and successes are not among them."
    )


class WorkflowStep(Shown):
    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    number: int
    after: list[str]
    target_kind: str
    target_id: UUID
    status: str
    settled_at: datetime | None


class WorkflowShown(Whole, WorkflowBrief):
    steps: list[WorkflowStep]
