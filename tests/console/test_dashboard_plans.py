"""Every question of the overview and of the pictures can be answered along an index."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from opsconsole.engine import rollups
from opsconsole.engine.queries.lineage import lineage
from opsconsole.engine.queries.timeline import timeline
from tests.past import MINUTE, a_batch, a_command, ago, an_event, caused_by, members

pytestmark = pytest.mark.django_db

LARGE = re.compile(r"Seq Scan on (ops_engine_(?:command|event|attempt|batch|rollup)\S*)")
Asked = list[tuple[str, Any]]


@contextmanager
def asking() -> Iterator[Asked]:
    """Collects the statements executed inside the block."""
    asked: Asked = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().startswith(("SELECT", "WITH")):
            asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield asked


def scanned_in_full(asked: Asked) -> list[str]:
    """Large tables that the planner would read whole although it was told to avoid that."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for sql, params in asked:
            cursor.execute(f"EXPLAIN {sql}", params)
            plan = "\n".join(line for (line,) in cursor.fetchall())
            found += [f"{table}: {sql[:200]}" for table in LARGE.findall(plan)]
        cursor.execute("SET LOCAL enable_seqscan = on")
    return found


def some_work() -> Any:
    event = an_event(at=ago(10 * MINUTE))
    batch = a_batch(3, **caused_by(event))
    members(batch, success=1, error=1, pending=1)
    a_command("awaiting", release_on="success", **caused_by(batch))
    rollups.roll_up()
    return event


@pytest.mark.parametrize("query", [{"range": "1h"}, {"range": "7d", "of": "event"}])
def test_the_overview_reads_no_large_table_whole(operator: Client, query: dict[str, str]) -> None:
    some_work()
    with asking() as asked:
        assert operator.get("/admin/", query).status_code == 200
    assert len(asked) > 20
    assert scanned_in_full(asked) == []


def test_lineage_and_timeline_read_no_large_table_whole() -> None:
    event = some_work()
    with asking() as asked:
        lineage(event.correlation_id, ("event", event.pk))
        timeline(event.correlation_id)
    assert scanned_in_full(asked) == []


def test_a_scan_of_a_whole_table_would_be_noticed() -> None:
    assert scanned_in_full([("SELECT count(*) FROM ops_engine_command WHERE error = 'x'", None)])
