"""What is told of a job."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from opsconsole.api.bodies import Shown
from opsconsole.api.jobs import types
from opsconsole.api.jobs.states import state_of
from opsconsole.engine import Cancel
from opsconsole.engine.models import Claim, Command
from opsconsole.engine.states import CANCELLED, PENDING, UNFINISHED

State = Literal["Pending", "Scheduled", "Processing", "Completed", "Failed", "DeadLettered", "Cancelled"]


class Accepted(Shown):
    """A job that is there, and how it stands."""

    id: UUID
    state: State = Field(examples=["Pending"])


class JobBrief(Accepted):
    type: str = Field(examples=["SendEmail"])
    tenant: str
    queue: str
    retry_count: int
    max_retries: int
    created_at: datetime
    scheduled_for: datetime = Field(description="As it was asked for; else when it was made, to be done at once.")
    next_try_at: datetime | None = Field(description="While it waits to be tried again.")
    started_at: datetime | None
    completed_at: datetime | None
    retry_of: UUID | None = Field(description="The dead-lettered job that it runs again.")
    retried_by: UUID | None = Field(description="The job that succeeded in its place.")


class Job(JobBrief):
    payload: dict[str, Any]
    payload_type: str
    priority: int
    last_error: str | None
    idempotency_key: str | None
    lock_expiry: datetime | None
    locked_by: str | None


def brief(command: Command, now: datetime) -> dict[str, Any]:
    known = types.of_command(command.type)
    state = state_of(command, now)
    is_put_off = command.status == PENDING and command.not_before > now and state != "Scheduled"
    return {
        "id": command.pk,
        "state": state,
        "type": known.name if known else command.type,
        "tenant": command.tenant,
        "queue": command.queue,
        "retry_count": _retry_count(command),
        "max_retries": command.max_attempts - 1,
        "created_at": command.created_at,
        "scheduled_for": _scheduled_for(command, state),
        "next_try_at": command.not_before if is_put_off else None,
        "started_at": command.started_at,
        "completed_at": command.finished_at,
        "retry_of": command.cause_id if command.cause_kind == "reprocess" else None,
        "retried_by": command.healed_by,
    }


def _retry_count(command: Command) -> int:
    """The first of its tries is none. One that waits or runs has the retry ahead of it counted, and so has one that was
    cancelled while it waited: no try of its own has ended it."""
    was_cancelled_waiting = command.status == CANCELLED and command.error_class != Cancel.__name__
    has_ended_by_a_try = command.status not in UNFINISHED and not was_cancelled_waiting
    return max(0, command.attempts - 1) if has_ended_by_a_try else command.attempts


def _scheduled_for(command: Command, state: str) -> datetime:
    """What was asked for is kept apart, because `not_before` moves with each failure."""
    if asked := _asked(command).get("scheduled_for"):
        return datetime.fromisoformat(asked)
    return command.not_before if state == "Scheduled" else command.created_at


def _asked(command: Command) -> dict[str, Any]:
    """What the caller said of the job itself: what its handler sends inherits the metadata, and was not asked for."""
    return command.metadata if command.cause_kind == "api" else {}


def whole(command: Command, claim: Claim | None, now: datetime) -> Job:
    known = types.of_command(command.type)
    error = f"{command.error_class}: {command.error}" if command.error_class else command.error
    return Job(
        **brief(command, now),
        payload=command.payload,
        payload_type=known.payload_type if known else "",
        priority=command.priority,
        last_error=error or None,
        idempotency_key=_asked(command).get("idempotency_key"),
        lock_expiry=claim.lease_until if claim else None,
        locked_by=claim.worker if claim else None,
    )
