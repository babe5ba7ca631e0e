"""Putting right what a crash left: lost claims, unsettled batches and workflows, processes that are gone.

Every step is a short transaction of its own, and harmless when two sweepers run at once.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from opsconsole.engine import settling, waking, workflows
from opsconsole.engine.attempts import Try
from opsconsole.engine.configuration import configuration
from opsconsole.engine.failing import release_unique_key_of
from opsconsole.engine.faults import is_connection_lost
from opsconsole.engine.rounds import PAGE, Round
from opsconsole.engine.sql import statement
from opsconsole.engine.states import CANCELLED, ERROR, PENDING, PROCESSING
from opsconsole.kernel import clock

logger = logging.getLogger(__name__)

_BATCHES = [Round("overdue_batches", status) for status in (PENDING, PROCESSING, ERROR, CANCELLED)]
_WORKFLOWS = [Round("overdue_workflows", status) for status in (PROCESSING, ERROR, CANCELLED)]


class Suspect(NamedTuple):
    """A row that was running when its worker was lost, as the statement that took it back returned it."""

    id: UUID
    type: str
    tenant: str
    number: int
    is_given_up: bool
    started_at: datetime | None
    ended_at: datetime
    retry_at: datetime | None

    def tried(self, kind: str, worker: str) -> Try:
        return Try(
            subject_kind=kind,
            subject_id=self.id,
            type=self.type,
            tenant=self.tenant,
            number=self.number,
            outcome="lost",
            is_final=self.is_given_up,
            worker=worker,
            started_at=self.started_at,
            ended_at=self.ended_at,
            retry_at=self.retry_at,
            error_class="WorkerLost",
            message=f"Its worker {worker} was lost.",
        )


def sweep() -> int:
    """Take back every claim whose lease has run out; returns how many were.

    A lease far ahead is from before the database's clock was set back: it is cut to the usual length. Whoever lives
    renews it in time.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ops_engine_claim SET lease_until = statement_timestamp() + make_interval(secs => %(lease)s)"
            " WHERE lease_until > statement_timestamp() + 2 * make_interval(secs => %(lease)s)",
            {"lease": configuration().lease},
        )
        cursor.execute(
            "SELECT id, kind FROM ops_engine_claim WHERE lease_until < statement_timestamp() LIMIT %s", [PAGE]
        )
        lost = cursor.fetchall()
    return sum(_undisturbed(take_back, claim_id, kind) for claim_id, kind in lost)


def take_back(claim_id: UUID, kind: str) -> bool:
    """End a lost claim. Its first unfinished row was running: it alone is charged; the rest return untouched.

    When several rows may have been running at once none is charged; each is tried again alone, and the one
    that loses its worker while alone is the culprit.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM ops_engine_claim WHERE id = %s AND lease_until < statement_timestamp()"
            " RETURNING worker, size, threads, queue",
            [claim_id],
        )
        claim = cursor.fetchone()
        if claim is None:
            return False
        worker, size, threads, queue = claim
        if kind == "event":
            _take_back_events(cursor, claim_id, worker, size)
        else:
            _take_back_commands(cursor, claim_id, worker, size, threads, queue)
    logger.warning("worker %s was lost with claim %s", worker, claim_id, extra={"action": "claim.lost"})
    return True


def _take_back_commands(cursor: Any, claim_id: UUID, worker: str, size: int, threads: int, queue: str) -> None:
    cursor.execute(
        "SELECT id FROM ops_engine_command WHERE claim_id = %s AND status = 'processing' ORDER BY place LIMIT %s",
        [claim_id, threads],
    )
    suspects = [command_id for (command_id,) in cursor.fetchall()]
    cursor.execute(
        statement("take_back_commands"),
        {
            "claim_id": claim_id,
            "suspects": suspects,
            "charged": suspects if threads == 1 or size == 1 else [],
            "max_losses": configuration().max_losses,
            "message": f"Its worker {worker} was lost: killed, or past the handler's time limit.",
            "now": clock.frozen(),
        },
    )
    for row in cursor.fetchall():
        suspect = Suspect._make(row)
        suspect.tried("command", worker).insert(cursor)
        if suspect.is_given_up:
            release_unique_key_of(cursor, suspect.id)
    waking.after_commit(queue)
    waking.after_commit(waking.TIMER)


def _take_back_events(cursor: Any, claim_id: UUID, worker: str, size: int) -> None:
    cursor.execute(
        statement("take_back_events"),
        {
            "claim_id": claim_id,
            "max_losses": configuration().max_losses,
            "is_alone": size == 1,
            "message": f"Its worker {worker} was lost while reacting to it.",
            "now": clock.frozen(),
        },
    )
    for row in cursor.fetchall():
        Suspect._make(row).tried("event", worker).insert(cursor)
    waking.after_commit(waking.EVENTS)


def repair() -> int:
    """Settle batches and move on workflows that a crash left behind; returns how many looked so.

    It looks at a page of each status at a time: what has failed may stay so for ever, and pile up.
    """
    batches = [batch_id for round in _BATCHES for batch_id in round.next_page()]
    overdue = [workflow_id for round in _WORKFLOWS for workflow_id in round.next_page()]
    for batch_id in batches:
        _undisturbed(settling.settle, [batch_id], ())
    for workflow_id in overdue:
        _undisturbed(_move_on, workflow_id)
    return len(batches) + len(overdue)


def _move_on(workflow_id: UUID) -> None:
    with transaction.atomic(durable=True):
        workflows.move_on(workflow_id)


def _undisturbed(repair_one: Callable[..., object], *what: object) -> bool:
    """Whether it could be done; what cannot be put right is logged, and keeps nothing else from being put right."""
    try:
        return repair_one(*what) is not False
    except Exception as error:
        if is_connection_lost(error):
            raise
        logger.exception("%s%r failed", repair_one.__name__, what, extra={"action": "repair.failed"})
        return False


def forget_the_gone() -> None:
    """Drop processes not seen for long, unique keys past their window, and pauses that have ended."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM ops_engine_runner WHERE seen_at < statement_timestamp() - make_interval(secs => %s)",
            [configuration().runner_seen * 4],
        )
        cursor.execute("DELETE FROM ops_engine_uniquekey WHERE until < statement_timestamp()")
        cursor.execute("DELETE FROM ops_engine_pause WHERE until < statement_timestamp()")
