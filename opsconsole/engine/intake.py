"""emit(), send(), send_batch(): how work and facts enter the engine, in the caller's transaction."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, models, transaction

from opsconsole.engine.batches import NewBatch
from opsconsole.engine.messages import Command, Event
from opsconsole.engine.outbox import Outbox, Sent
from opsconsole.kernel import tracing


class NotInTransaction(RuntimeError):
    """An event was emitted outside the transaction of the change that it reports."""


def emit(
    event: Event,
    *,
    source: models.Model | None = None,
    tenant: str = "",
    stream: str | None = None,
    expected: int | None = None,
) -> UUID:
    """Record that something happened; it becomes true when the caller's transaction commits.

    `source` is the entity that raised it, linked from the console. With `stream` the event gets the next
    version of that stream, which must be at version `expected` when that is given (else StreamConflict).
    Raises NotInTransaction outside `transaction.atomic()`, UnstorablePayload for what JSON cannot carry.
    """
    if not connection.in_atomic_block:
        raise NotInTransaction(
            f"emit({type(event).__name__}) needs transaction.atomic(), so that the event and the change "
            "that it reports are committed together"
        )
    outbox = Outbox(tracing.current())
    new = outbox.plan_event(event, source=source, tenant=tenant, stream=stream, expected=expected)
    outbox.write()
    return new.id


def send(
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
    """Ask for work, stored in the caller's transaction (or one of its own) and executed after it commits.

    `unique` lets only one command of the type with that key be unfinished, or be sent within `unique_for`;
    whoever comes second gets the first one's id and `is_new` False. `delay` counts from the database's now.
    `max_attempts` stands for that of the type's policy, which still says how long to wait between tries.
    """
    outbox = Outbox(tracing.current())
    new = outbox.plan_command(
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
    with transaction.atomic(savepoint=False):
        held = outbox.take_unique_keys()
        outbox.write()
    return Sent(held.get(new.id, new.id), is_new=not held)


def send_batch(
    commands: Iterable[Command],
    *,
    name: str = "",
    tenant: str = "",
    on_success: Command | None = None,
    on_failure: Command | None = None,
    on_completion: Command | None = None,
    queue: str | None = None,
    priority: int | None = None,
    not_before: datetime | None = None,
) -> UUID:
    """Send many commands with one end; returns the batch's id.

    Next commands wait: `on_success` until every member succeeded (also by reprocessing), `on_failure` until
    all ended and some failed, `on_completion` until all ended. An empty batch has succeeded at once.
    """
    outbox = Outbox(tracing.current())
    batch = NewBatch.plan(
        outbox.cause,
        commands,
        name=name,
        tenant=tenant,
        next_commands={"success": on_success, "failure": on_failure, "completion": on_completion},
        queue=queue,
        priority=priority,
        not_before=not_before,
    )
    outbox.batches.append(batch)
    with transaction.atomic(savepoint=False):
        outbox.write()
    return batch.id
