"""How long runs are kept: a minutely schedule makes half a million a year."""

from django.db import connection

from opsconsole.kernel import clock
from opsconsole.schedules.sql import statement

KEPT = 1_000  # runs of each schedule, whatever their age
DAYS = 90


def drop_old_runs() -> int:
    """Delete runs that ended long ago and are not among the latest of their schedule; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(statement("drop_old_runs"), {"kept": KEPT, "days": DAYS, "now": clock.frozen()})
        return int(cursor.rowcount)
