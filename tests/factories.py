"""Rows in a wanted state, made the way the engine makes them."""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from opsconsole.engine import Command, Event, claiming, draining, emit, reacting, send, send_batch, sweeping
from opsconsole.engine.claiming import Chunk
from opsconsole.engine.heartbeat import heart
from opsconsole.engine.models import Attempt, Batch, Claim
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from tests.handlers_app import scripts
from tests.handlers_app.messages import Act, Happened
from tests.handlers_app.models import Entry


class Refused(Exception):
    """What a handler raises in tests."""


def command(identifier: UUID) -> StoredCommand:
    return StoredCommand.objects.get(pk=identifier)


def event(identifier: UUID) -> StoredEvent:
    return StoredEvent.objects.get(pk=identifier)


def batch(identifier: UUID) -> Batch:
    return Batch.objects.get(pk=identifier)


def attempts(identifier: UUID) -> list[Attempt]:
    return list(Attempt.objects.filter(subject_id=identifier).order_by("id"))


def statuses(**fields: Any) -> list[str]:
    """The statuses of these commands, oldest first."""
    return list(StoredCommand.objects.filter(**fields).order_by("id").values_list("status", flat=True))


def happen(message: Event | None = None, **options: Any) -> UUID:
    """Emit an event in a transaction of its own."""
    with transaction.atomic():
        return emit(message or Happened(), **options)


def claim(queue: str = "default") -> Chunk:
    """Claim what is due."""
    claiming.forget()
    chunk = claiming.claim_commands(queue)
    assert chunk is not None, f"nothing is due in {queue}"
    return chunk


def run(queue: str = "default") -> int:
    """Claim and execute one chunk; returns how many commands ended."""
    return draining.execute_chunk(claim(queue))


def react() -> int:
    """Claim and react to one chunk of events; returns how many succeeded."""
    chunk = claiming.claim_events()
    assert chunk is not None, "no event is pending"
    return reacting.run(chunk)


def let_fail(*messages: type[Command], error: Callable[[], Exception] = Refused) -> None:
    """Handlers of these messages raise."""

    def fail(command: Command, work: Any) -> None:
        raise error()

    for message in messages:
        scripts.let(message, fail)


def failed(message: Command | None = None) -> UUID:
    """A command that failed for good."""
    message = message or Act()
    let_fail(type(message))
    identifier = send(message).id
    run()
    scripts.forget()
    assert command(identifier).status == "error"
    return identifier


def failed_batch(members: Iterable[Command], **options: Any) -> UUID:
    """A batch of which every `Act` failed."""
    let_fail(Act)
    identifier = send_batch(members, **options)
    run()
    scripts.forget()
    return identifier


def note_effect(command: Command, work: Any) -> None:
    """A handler's effect that can be counted."""
    Entry.objects.create(command_id=work.id)


def expire(chunk: Chunk) -> None:
    """As if the worker had been frozen: it renews no more, and its lease has run out."""
    heart.release(chunk.held)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ops_engine_claim SET lease_until = statement_timestamp() - interval '1 second' WHERE id = %s",
            [chunk.held.claim_id],
        )


def lose(chunk: Chunk) -> None:
    """As if the worker had been killed, and the sweeper had come by."""
    expire(chunk)
    assert sweeping.sweep() >= 1
    assert not Claim.objects.filter(pk=chunk.held.claim_id).exists()


def make_due(*identifiers: UUID) -> None:
    """Let the waiting time of these commands (of all pending ones, when none is named) be over."""
    rows = StoredCommand.objects.filter(status="pending")
    if identifiers:
        rows = rows.filter(pk__in=identifiers)
    rows.update(not_before=claiming.LONG_AGO)
