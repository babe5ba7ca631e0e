"""The end of batches: decided after the members committed, in a fresh snapshot, once.

Asked inside a member's transaction, "was I the last?" loses the continuation when two finish together. Asked
after its commit, whoever committed last sees all the others; the row lock and the guarded move make it once.
"""

import logging
from collections.abc import Iterable
from uuid import UUID

from django.db import OperationalError, connection, transaction

from opsconsole.engine import waking, workflows
from opsconsole.engine.faults import is_conflict
from opsconsole.engine.patience import bound
from opsconsole.engine.sql import statement
from opsconsole.engine.states import CANCELLED, ERROR, SUCCESS
from opsconsole.kernel import clock

logger = logging.getLogger(__name__)

PATIENCE = 1.0  # seconds

_started: dict[UUID, None] = {}  # batches that this process knows to have begun
_REMEMBERED = 10_000


def begin(batch_ids: Iterable[UUID]) -> None:
    """The first claim of a member moves its batch to processing."""
    fresh = [batch_id for batch_id in batch_ids if batch_id not in _started]
    if not fresh:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ops_engine_batch SET status = 'processing',"
            " started_at = COALESCE(%s::timestamptz, statement_timestamp()) WHERE id = ANY(%s) AND status = 'pending'",
            [clock.frozen(), fresh],
        )
    if len(_started) > _REMEMBERED:
        _started.clear()
    _started.update(dict.fromkeys(fresh))


def settle(batch_ids: Iterable[UUID], step_ids: Iterable[UUID], *, patience: float | None = None) -> None:
    """Settle those batches of which nothing is left to do, and move on the workflows they are steps of."""
    steps = set(step_ids)
    for batch_id in sorted(batch_ids):
        step_id = settle_batch(batch_id, patience)
        if step_id is not None:
            steps.add(step_id)
    for step_id in sorted(steps):
        workflows.advance(step_id, patience)


def settle_in_a_request(batch_ids: Iterable[UUID], step_ids: Iterable[UUID]) -> None:
    """The same for somebody who waits for an answer: what others have locked is left to the sweeper's repair."""
    try:
        settle(batch_ids, step_ids, patience=PATIENCE)
    except OperationalError as error:
        if not is_conflict(error):
            raise
        logger.info("settling is left to the sweeper: %s", error, extra={"action": "batch.left"})


def settle_batch(batch_id: UUID, patience: float | None = None) -> UUID | None:
    """Settle one batch if it is over; returns the workflow step that this ended, if it is one."""
    with connection.cursor() as cursor:
        cursor.execute(statement("batch_is_open"), {"batch_id": batch_id})
        if cursor.fetchone()[0]:
            return None
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        bound(cursor, patience)
        cursor.execute("SELECT status FROM ops_engine_batch WHERE id = %s FOR NO KEY UPDATE", [batch_id])
        row = cursor.fetchone()
        if row is None or row[0] == SUCCESS:
            return None
        cursor.execute(statement("batch_result"), {"batch_id": batch_id})
        is_open, error_count, cancelled_count = cursor.fetchone()
        if is_open:
            return None
        status = ERROR if error_count else CANCELLED if cancelled_count else SUCCESS
        cursor.execute(
            statement("settle_batch"),
            {
                "batch_id": batch_id,
                "status": status,
                "error_count": error_count,
                "cancelled_count": cancelled_count,
                "now": clock.frozen(),
            },
        )
        settled = cursor.fetchone()
        if settled is None:
            return None
        _release_next(cursor, batch_id, status)
    logger.info("batch %s settled: %s", batch_id, status, extra={"action": f"batch.{status}"})
    return UUID(str(settled[0])) if settled[0] else None


def _release_next(cursor: object, batch_id: UUID, status: str) -> None:
    """Let go the next commands that this end asks for; drop the failure's when it turned out well."""
    wanted = ("success", "completion") if status == SUCCESS else ("failure", "completion")
    cursor.execute(  # type: ignore[attr-defined]
        statement("release_next"), {"batch_id": batch_id, "wanted": list(wanted), "now": clock.frozen()}
    )
    for (queue,) in cursor.fetchall():  # type: ignore[attr-defined]
        waking.after_commit(queue)
    if status == SUCCESS:
        cursor.execute(statement("drop_failure_next"), {"batch_id": batch_id, "now": clock.frozen()})  # type: ignore[attr-defined]
