"""Events turned into work: a claimed chunk reacted to in memory and saved in one transaction.

First all together, without savepoints. If any reaction fails, everything is rolled back and done again with a
savepoint an event, so that one failing event is marked with its traceback and spoils no other.
"""

import json
import logging
import time
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection, transaction

from opsconsole.engine.attempts import Try
from opsconsole.engine.claiming import Chunk, ClaimedEvent, release
from opsconsole.engine.configuration import configuration
from opsconsole.engine.execution import CONFLICT_RETRIES, MOST_LOSSES
from opsconsole.engine.failing import LostTooOften
from opsconsole.engine.faults import OWN_FAILURES, Fault, is_conflict, is_connection_lost, noticing_a_lost_connection
from opsconsole.engine.heartbeat import heart
from opsconsole.engine.messages import EVENTS, Event
from opsconsole.engine.outbox import Outbox
from opsconsole.engine.registry import reactions_to
from opsconsole.engine.sql import statement
from opsconsole.engine.work import Reacting
from opsconsole.kernel import clock
from opsconsole.kernel.registry import UnknownName
from opsconsole.kernel.tracing import Cause, acting_for

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reacted:
    """What became of one event."""

    event: ClaimedEvent
    seconds: float
    fault: Fault | None = None


class ClaimLost(Exception):
    """Some events of the chunk were given to another worker meanwhile; nothing of it is saved."""


def run(chunk: Chunk) -> int:
    """React to a chunk of events; returns how many of them succeeded."""
    chunk.held.allow(configuration().handler_timeout)
    try:
        results = _save_in_the_end(chunk)
    except ClaimLost:
        logger.warning("claim %s was given to another worker", chunk.held.claim_id, extra={"action": "event.fenced"})
        results = []
    except BaseException as error:
        if isinstance(error, OWN_FAILURES):  # whichever event it was, it will be alone when it happens again
            chunk.held.suspects.extend(event.id for event in chunk.events)
        if is_connection_lost(error):
            heart.abandon(chunk.held)
        else:
            release(chunk)
        raise
    release(chunk)
    return sum(result.fault is None for result in results)


def _save_in_the_end(chunk: Chunk) -> list[Reacted]:
    """Together, else one by one. A conflict between transactions is held against no event until it goes on and on."""
    try:
        return _save(chunk, together=True)
    except OWN_FAILURES as error:
        if isinstance(error, ClaimLost) or is_connection_lost(error):
            raise
    for _ in range(CONFLICT_RETRIES):
        try:
            return _save(chunk, together=False)
        except OperationalError as error:
            if not is_conflict(error):
                raise
    return _save(chunk, together=False, forgives_conflicts=False)


def _save(chunk: Chunk, *, together: bool, forgives_conflicts: bool = True) -> list[Reacted]:
    with transaction.atomic(durable=True):
        everything = Outbox(Cause())
        results = [_react(event, everything, together, forgives_conflicts) for event in chunk.events]
        everything.write()
        _finish(chunk.held.claim_id, results)
    return results


def _react(event: ClaimedEvent, everything: Outbox, together: bool, forgives_conflicts: bool) -> Reacted:
    """Run the reactions of one event; what they set off joins `everything` only if all of them succeed."""
    began = time.perf_counter()
    outbox = Outbox(cause_of(event))
    try:
        with (
            noticing_a_lost_connection(),
            nullcontext() if together else transaction.atomic(),
            acting_for(outbox.cause),
        ):
            _check(event)
            for reaction in reactions_to(event.type):
                reaction(decode(event), reacting(event, outbox))
            if not together:
                outbox.write()
                connection.check_constraints()  # the deferred ones: at the COMMIT they would fail for all events
    except OWN_FAILURES as error:
        if together or is_connection_lost(error) or (forgives_conflicts and is_conflict(error)):
            raise
        return Reacted(event, time.perf_counter() - began, Fault.of(error))
    everything.join(outbox)
    return Reacted(event, time.perf_counter() - began)


def _check(event: ClaimedEvent) -> None:
    if event.type not in EVENTS:
        raise UnknownName(f"no event type is called {event.type!r} in this version of the code")
    if event.attempts >= MOST_LOSSES:
        raise LostTooOften(f"{event.attempts} workers or connections were lost while reacting to it")


def cause_of(event: ClaimedEvent) -> Cause:
    metadata = json.loads(event.metadata) if event.metadata != "{}" else {}
    return Cause("event", event.id, event.correlation_id, event.tenant, metadata)


def decode(event: ClaimedEvent) -> Event:
    message = EVENTS.get(event.type)
    return message.decode(event.data, event.schema_version, message.__contract__.version)


def reacting(event: ClaimedEvent, outbox: Outbox) -> Reacting:
    return Reacting(
        outbox=outbox,
        event_id=event.id,
        occurred_at=event.created_at,
        source_model=event.source_model,
        source_id=event.source_id,
    )


def _finish(claim_id: UUID, results: list[Reacted]) -> None:
    ids = [result.event.id for result in results]
    bounds: dict[str, Any] = {"ids": ids, "first_id": ids[0], "last_id": ids[-1]}
    with connection.cursor() as cursor:
        cursor.execute(statement("lock_events"), bounds)
        cursor.execute(
            statement("finish_events"),
            {
                **bounds,
                "claim_id": claim_id,
                "seconds": [result.seconds for result in results],
                "error_classes": [result.fault.error_class if result.fault else "" for result in results],
                "errors": [result.fault.message if result.fault else "" for result in results],
                "now": clock.frozen(),
            },
        )
        if cursor.rowcount != len(results):
            raise ClaimLost
        for result in results:
            if result.fault is not None:
                _failed(result.event, result.fault, result.seconds).insert(cursor)


def _failed(event: ClaimedEvent, fault: Fault, seconds: float) -> Try:
    ended_at = clock.now()
    return Try(
        subject_kind="event",
        subject_id=event.id,
        type=event.type,
        tenant=event.tenant,
        number=event.attempts + 1,
        outcome="error",
        is_final=True,
        worker=heart.name,
        started_at=ended_at - timedelta(seconds=seconds),
        ended_at=ended_at,
        error_class=fault.error_class,
        message=fault.message,
        traceback=fault.traceback,
        fingerprint=fault.fingerprint,
    )
