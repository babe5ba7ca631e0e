"""The names that occur in the tables, found by hopping through an index from one to the next."""

from django.core.cache import cache
from django.db import connection

MOST = 200
FRESH = 60  # seconds that an answer is kept

_HOPS = {
    ("event", "type"): ("ops_engine_event", "true"),
    ("event", "tenant"): ("ops_engine_event", "tenant <> ''"),
    ("command", "type"): ("ops_engine_command", "true"),
    ("command", "tenant"): ("ops_engine_command", "tenant <> ''"),
    ("command", "queue"): ("ops_engine_command", "status = 'pending'"),
    ("batch", "name"): ("ops_engine_batch", "true"),
    ("batch", "tenant"): ("ops_engine_batch", "tenant <> ''"),
}


def names_of(kind: str, column: str) -> list[str]:
    """The different values of a column, at most MOST, up to FRESH seconds old."""
    table, condition = _HOPS[kind, column]
    return names_in(table, column, condition)


def names_in(table: str, column: str, condition: str = "true") -> list[str]:
    """The same for any table with an index that begins with the column, over the rows where the SQL condition holds."""
    key = f"ops_engine.names.{table}.{column}"
    return cache.get_or_set(key, lambda: _hop(table, column, condition), FRESH) or []


def _hop(table: str, column: str, condition: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE hop (name) AS ("
            f" (SELECT {column} FROM {table} WHERE {condition} ORDER BY {column} LIMIT 1)"
            f" UNION ALL"
            f" SELECT (SELECT {column} FROM {table} WHERE {condition} AND {column} > hop.name"
            f"          ORDER BY {column} LIMIT 1)"
            f"   FROM hop WHERE hop.name IS NOT NULL)"
            f" SELECT name FROM hop WHERE name IS NOT NULL LIMIT %s",
            [MOST],
        )
        return [name for (name,) in cursor.fetchall()]
