"""Who leads: a lease that lapses by itself, so that a frozen leader is replaced within seconds.

Two leaders for a moment are harmless: everything they do is guarded. It only saves double effort.
"""

from django.db import connection

ROLE = "dispatcher"
TERM = 5.0  # seconds; renewed every second


def lead(owner: str, role: str = ROLE) -> bool:
    """Take or renew the lead; returns whether `owner` has it now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ops_engine_leadership AS held (role, owner, until)"
            " VALUES (%s, %s, clock_timestamp() + make_interval(secs => %s))"
            " ON CONFLICT (role) DO UPDATE SET owner = excluded.owner, until = excluded.until"
            " WHERE held.owner = excluded.owner OR held.until < clock_timestamp() RETURNING owner",
            [role, owner, TERM],
        )
        return cursor.fetchone() is not None


def resign(owner: str, role: str = ROLE) -> None:
    """Give the lead up at once, so that a stand-by need not wait."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM ops_engine_leadership WHERE role = %s AND owner = %s", [role, owner])
