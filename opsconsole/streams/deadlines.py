"""Deadlines of processes: what happens when nothing has happened."""

import logging
import math
import time
from uuid import UUID

from django.db import connection, transaction

from opsconsole.engine.faults import OWN_FAILURES, is_connection_lost, noticing_a_lost_connection
from opsconsole.kernel import clock
from opsconsole.streams import moving
from opsconsole.streams.followers import known
from opsconsole.streams.moves import PROCESSES
from opsconsole.streams.sql import statement

logger = logging.getLogger(__name__)

PAGE = 50  # instances a transaction
AGAIN = 60.0  # seconds until a deadline that could not be dealt with is tried again


def pass_due(until: float = math.inf) -> int:
    """Have every instance that has waited long enough do what it does then; returns how many had. Begins nothing more
    after `until`, by the monotonic clock, but does a page at least."""
    passed = _pass_some()
    done = passed
    while done and time.monotonic() < until:
        done = _pass_some()
        passed += done
    return passed


def _pass_some() -> int:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(statement("take_deadlines"), {**known(), "page": PAGE, "now": clock.frozen()})
        taken = cursor.fetchall()
        for process_id, type_name in taken:
            _pass_one(process_id, type_name)
    return len(taken)


def _pass_one(process_id: UUID, type_name: str) -> None:
    """An instance that cannot be dealt with keeps no other waiting: it is put off."""
    try:
        with noticing_a_lost_connection(), transaction.atomic():
            moving.pass_deadline(PROCESSES.get(type_name), process_id)
    except OWN_FAILURES as error:
        if is_connection_lost(error):
            raise
        logger.exception("deadline of process %s put off", process_id, extra={"action": "process.deadline_put_off"})
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE ops_streams_process SET deadline_at = COALESCE(%s, statement_timestamp())"
                " + make_interval(secs => %s) WHERE id = %s",
                [clock.frozen(), AGAIN, process_id],
            )
