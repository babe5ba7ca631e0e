"""What a query costs whatever the machine: the rows that its plan looks at."""

import json
from typing import Any

from django.db import connection


def touched(sql: str, tables: tuple[str, ...], *, index_only: float = 1.0) -> int:
    """How many rows of the tables, named by how they begin, the query looks at; `index_only` is the weight of a row that
    is read off an index alone."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}")
        (plan,) = cursor.fetchone()
    return _looked_at((plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"], tables, index_only)


def _looked_at(node: dict[str, Any], tables: tuple[str, ...], index_only: float) -> int:
    below = sum(_looked_at(child, tables, index_only) for child in node.get("Plans", []))
    if not node.get("Relation Name", "").startswith(tables):
        return below
    rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    weight = index_only if node["Node Type"] == "Index Only Scan" else 1
    return int(below + weight * rows * node["Actual Loops"])
