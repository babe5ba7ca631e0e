"""Deadlines of processes: what happens when nothing has happened."""

from django.db import connection, transaction

from opsconsole.kernel import clock
from opsconsole.streams import moving
from opsconsole.streams.moves import PROCESSES
from opsconsole.streams.sql import statement


def pass_due() -> int:
    """Have every instance that has waited long enough do what it does then; returns how many had."""
    passed = 0
    while _pass_one():
        passed += 1
    return passed


def _pass_one() -> bool:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(statement("take_deadline"), {"known": [name for name, _ in PROCESSES], "now": clock.frozen()})
        row = cursor.fetchone()
        if row is None:
            return False
        process_id, type_name = row
        moving.pass_deadline(PROCESSES.get(type_name), process_id)
    return True
