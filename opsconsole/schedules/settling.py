"""How runs ended: read off the commands that carried them out."""

from django.db import connection

from opsconsole.kernel import clock
from opsconsole.schedules.sql import statement
from opsconsole.schedules.states import PENDING

HEALABLE = 200  # failed runs looked at, the latest


def settle() -> int:
    """Record what became of runs; returns how many ended or were healed."""
    with connection.cursor() as cursor:
        cursor.execute(statement("end_runs"))
        ended = [status for (status,) in cursor.fetchall() if status != PENDING]
        cursor.execute(statement("heal_runs"), {"limit": HEALABLE, "now": clock.frozen()})
        return len(ended) + len(cursor.fetchall())
