"""A job is asked for: understood, or refused with nothing stored; one a key."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.db import connection
from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from opsconsole.api.bodies import WHOLE, Body, parsed
from opsconsole.api.callers import Caller
from opsconsole.api.jobs.types import JOB_TYPES, JobType
from opsconsole.api.models import JobKey
from opsconsole.api.once import fingerprint_of
from opsconsole.api.parameters import Moment
from opsconsole.api.problems import Problem
from opsconsole.api.sending import (
    refuse_further_tries,
    refuse_unknown_queue,
    refuse_what_heeds_no_tenant,
    validated,
)
from opsconsole.api.sql import statement
from opsconsole.engine import Command
from opsconsole.engine.outbox import Outbox
from opsconsole.engine.queries.present import database_now
from opsconsole.kernel import tracing


def _text_or_object(value: Any) -> Any:
    if not isinstance(value, str | dict):
        raise PydanticCustomError("payload", "should be an object, or a JSON string that holds one")
    return value


EITHER = {"anyOf": [{"type": "object"}, {"type": "string", "contentMediaType": "application/json"}]}
Payload = Annotated[
    Any,
    BeforeValidator(_text_or_object),
    WithJsonSchema({**EITHER, "description": "An object, or one written as a JSON string."}),
]


class NewJob(Body):
    """What is to be done."""

    model_config = {
        "json_schema_extra": {
            "examples": [
                {
                    "type": "SendEmail",
                    "payloadType": "TaskFlow.Integrations.SendEmailPayload",
                    "payload": '{"To": "user@example.com"}',
                }
            ]
        }
    }

    type: Annotated[str, Field(max_length=200)]
    payload: Payload
    payload_type: Annotated[str, Field(max_length=200)] | None = None
    scheduled_for: Moment | None = None
    max_retries: Annotated[int, Field(strict=True, ge=0, le=100), WHOLE] | None = None
    idempotency_key: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    priority: Annotated[int, Field(strict=True, ge=-1000, le=1000), WHOLE] | None = Field(
        None, description="Lower goes first."
    )
    queue: Annotated[str, Field(max_length=60)] | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """A job that was understood."""

    message: Command
    scheduled_for: datetime | None
    max_retries: int | None
    priority: int | None
    queue: str | None

    def first_state(self) -> str:
        """The one that it begins in."""
        return "Scheduled" if self.scheduled_for and self.scheduled_for > database_now() else "Pending"

    @property
    def fingerprint(self) -> str:
        """Of what was sent: a default that another release changes makes no other job of it."""
        when = self.scheduled_for.isoformat() if self.scheduled_for else None
        payload = self.message.model_dump(mode="json", exclude_unset=True)
        asked = [self.message.__contract__.name, payload, when]
        return fingerprint_of([*asked, self.max_retries, self.priority, self.queue])


def understood(new: NewJob, caller: Caller) -> Order:
    """Raises Problem: 422 with the field that is wrong, 403 for a type that may leave the caller's tenant."""
    known = _known(new)
    refuse_what_heeds_no_tenant(caller, known.command, known.name)
    message = validated(known.command, _payload(new.payload), "payload")
    if new.queue is not None:
        refuse_unknown_queue(new.queue)
    refuse_further_tries(known.command, known.name, "maxRetries", new.max_retries or 0)
    return Order(message, new.scheduled_for, new.max_retries, new.priority, new.queue)


def accept(order: Order, key: str | None, caller: Caller) -> tuple[UUID, bool]:
    """Store the job in the transaction that is under way; returns its id, and whether it is new.

    Of two who come with the same key the second waits for the first one's end. Raises Problem: 409 for another job.
    """
    cause = tracing.current()
    asked = {"idempotency_key": key, "scheduled_for": order.scheduled_for and order.scheduled_for.isoformat()}
    kept = {name: value for name, value in asked.items() if value is not None}
    cause = replace(cause, metadata={**cause.metadata, **kept})
    outbox = Outbox(cause)
    planned = outbox.plan_command(
        order.message,
        not_before=order.scheduled_for,
        priority=order.priority,
        queue=order.queue,
        max_attempts=None if order.max_retries is None else order.max_retries + 1,
    )
    if key is not None and (holder := _holder(caller.tenant, key, order.fingerprint, planned.id)) != planned.id:
        return holder, False
    outbox.write()
    return planned.id, True


def _known(new: NewJob) -> JobType:
    known = JOB_TYPES.find(new.type)
    if known is None:
        names = ", ".join(name for name, _ in JOB_TYPES)
        raise Problem.of_field("body.type", f"{new.type!r} is no type of job; known: {names}")
    if new.payload_type is not None and new.payload_type != known.payload_type:
        raise Problem.of_field(
            "body.payloadType", f"{known.name} takes a {known.payload_type or 'payload without one'}"
        )
    return known


def _payload(given: str | dict[str, Any]) -> dict[str, Any]:
    if isinstance(given, dict):
        return given
    try:
        value = parsed(given)
    except Problem as problem:
        raise Problem.of_field("body.payload", problem.detail.replace("The body", "It")) from None
    if not isinstance(value, dict):
        raise Problem.of_field("body.payload", "should be an object, or a JSON string that holds one")
    return value


def _holder(tenant: str, key: str, fingerprint: str, identifier: UUID) -> UUID:
    """Whose key it is: ours from now on, or that of the job that was first."""
    asked: dict[str, Any] = {"tenant": tenant, "key": key, "fingerprint": fingerprint, "command_id": identifier}
    with connection.cursor() as cursor:
        cursor.execute(statement("take_job_key"), asked)
        if cursor.fetchone():
            return identifier
    held = JobKey.objects.get(tenant=tenant, key=key)
    if held.fingerprint != fingerprint:
        detail = f"The job of this key, {held.command_id}, is another one."
        error = {"field": "body.idempotencyKey", "detail": detail}
        raise Problem(409, detail, type="key-of-another-job", errors=[error])
    return held.command_id
