"""Putting right what a crash left: lost claims, batches and workflows nobody settled, processes that are gone.

Every step is a short transaction of its own, and harmless when two sweepers run at once.
"""

import logging
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from opsconsole.engine import settling, waking, workflows
from opsconsole.engine.configuration import configuration
from opsconsole.engine.failing import release_unique_key_of
from opsconsole.engine.sql import statement
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7

logger = logging.getLogger(__name__)

PAGE = 500


def sweep() -> int:
    """Take back every claim whose lease has run out; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, kind FROM ops_engine_claim WHERE lease_until < statement_timestamp() LIMIT %s", [PAGE])
        lost = cursor.fetchall()
    return sum(take_back(claim_id, kind) for claim_id, kind in lost)


def take_back(claim_id: UUID, kind: str) -> bool:
    """End a lost claim. Its first unfinished row was running: it alone is charged; the rest return untouched.

    When several rows may have been running at once none is charged; each is tried again alone, and the one
    that loses its worker while alone is the culprit.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM ops_engine_claim WHERE id = %s AND lease_until < statement_timestamp()"
            " RETURNING worker, size, threads, queue, created_at",
            [claim_id],
        )
        claim = cursor.fetchone()
        if claim is None:
            return False
        worker, size, threads, queue, created_at = claim
        if kind == "event":
            _take_back_events(cursor, claim_id, worker, created_at)
        else:
            _take_back_commands(cursor, claim_id, worker, size, threads, queue)
    logger.warning("worker %s was lost with claim %s", worker, claim_id, extra={"action": "claim.lost"})
    return True


def _take_back_commands(cursor: Any, claim_id: UUID, worker: str, size: int, threads: int, queue: str) -> None:
    cursor.execute(
        statement("take_back_commands"),
        {
            "claim_id": claim_id,
            "suspects": 1 if threads == 1 else threads,
            "is_charged": threads == 1 or size == 1,
            "max_losses": configuration().max_losses,
            "message": f"Its worker {worker} was lost: killed, out of memory, or past the handler's time limit.",
            "now": clock.frozen(),
        },
    )
    for command_id, type_name, tenant, number, status, started_at, ended_at, retry_at in cursor.fetchall():
        _note_loss(cursor, "command", command_id, type_name, tenant, number, status, worker, started_at, ended_at, retry_at)
        if status == "error":
            release_unique_key_of(cursor, command_id)
    waking.after_commit(queue)


def _take_back_events(cursor: Any, claim_id: UUID, worker: str, created_at: Any) -> None:
    cursor.execute(
        statement("take_back_events"),
        {
            "claim_id": claim_id,
            "max_losses": configuration().max_losses,
            "message": f"Its worker {worker} was lost while reacting to it.",
            "now": clock.frozen(),
        },
    )
    for event_id, type_name, tenant, number, ended_at in cursor.fetchall():
        _note_loss(cursor, "event", event_id, type_name, tenant, number, "error", worker, created_at, ended_at, None)
    waking.after_commit(waking.EVENTS)


def _note_loss(
    cursor: Any,
    kind: str,
    subject_id: UUID,
    type_name: str,
    tenant: str,
    number: int,
    status: str,
    worker: str,
    started_at: Any,
    ended_at: Any,
    retry_at: Any,
) -> None:
    cursor.execute(
        statement("insert_attempt"),
        {
            "id": uuid7(),
            "subject_kind": kind,
            "subject_id": subject_id,
            "type": type_name,
            "tenant": tenant,
            "number": number,
            "outcome": "lost",
            "is_final": status == "error",
            "worker": worker,
            "started_at": started_at,
            "ended_at": ended_at,
            "retry_at": retry_at,
            "error_class": "WorkerLost",
            "message": f"Its worker {worker} was lost.",
            "traceback": "",
            "fingerprint": "",
            "log": None,
        },
    )


def repair() -> int:
    """Settle batches and move on workflows that a crash left behind; returns how many looked so."""
    with connection.cursor() as cursor:
        cursor.execute(statement("overdue_batches"), {"limit": PAGE})
        batches = [batch_id for (batch_id,) in cursor.fetchall()]
        cursor.execute(statement("overdue_workflows"), {"limit": PAGE})
        overdue = [workflow_id for (workflow_id,) in cursor.fetchall()]
    settling.settle(batches, ())
    for workflow_id in overdue:
        with transaction.atomic(durable=True):
            workflows.move_on(workflow_id)
    return len(batches) + len(overdue)


def forget_the_gone() -> None:
    """Drop processes not seen for long, unique keys past their window, and claims' forgotten pauses."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM ops_engine_runner WHERE seen_at < statement_timestamp() - make_interval(secs => %s)",
            [configuration().runner_seen * 4],
        )
        cursor.execute("DELETE FROM ops_engine_uniquekey WHERE until < statement_timestamp()")
        cursor.execute("DELETE FROM ops_engine_pause WHERE until < statement_timestamp()")
