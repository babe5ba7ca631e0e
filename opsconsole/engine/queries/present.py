"""The time by the clock that wrote all the others."""

from datetime import datetime

from django.db import connection

from opsconsole.kernel import clock


def database_now() -> datetime:
    """The database's time, or the frozen one of a test."""
    if frozen := clock.frozen():
        return frozen
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        (now,) = cursor.fetchone()
    return now  # type: ignore[no-any-return]
