"""Finished work counted once: closed minutes rolled up, old minutes merged into hours.

Totals then never scan history: rollups, plus what finished since `rolled_until`, counted live.
"""

import math
import time
from datetime import datetime

from django.db import connection, transaction

from opsconsole.engine.sql import statement

BOUNDS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)  # seconds; the last bin is open
KINDS = ("event", "command")
QUICK = 0.05  # seconds: a pass that takes less may be followed by one over more hours
MOST_HOURS = 7 * 24


def begin(**kwargs: object) -> None:
    """Make sure of the marks: flushing the tables, as tests do, takes them along."""
    if "ops_engine_rollupmark" not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ops_engine_rollupmark (kind, until)"
            " SELECT kind, date_trunc('minute', now()) - interval '1 day' FROM unnest(%s::text[]) AS kind"
            " ON CONFLICT DO NOTHING",
            [list(KINDS)],
        )


def roll_up(seconds: float = math.inf) -> int:
    """Count every closed minute that has not been counted; returns how many rows of rollup were made.

    A minute is closed two minutes after its end: what finished in it has committed by then. It goes by the hour, by
    ever more hours where there is little, each pass a transaction of its own; none is begun after so many `seconds`.
    """
    stop_at = time.monotonic() + seconds
    made = 0
    for kind in KINDS:
        hours, began = 1, time.monotonic()
        while (rows := _pass(kind, hours)) is not None:
            made += rows
            ended = time.monotonic()
            hours = min(2 * hours, MOST_HOURS) if ended - began < QUICK else 1
            if ended > stop_at:
                break
            began = ended
    return made


def _pass(kind: str, hours: int) -> int | None:
    """Count so many hours; None when there is nothing left. The mark is locked, so that two dispatchers count once."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement("lock_rollup_mark"), {"kind": kind, "hours": hours})
        since, until, is_ahead = cursor.fetchone()
        if is_ahead:
            cursor.execute(statement("set_back_rollup_mark"), {"kind": kind})
        if until <= since:
            return None
        span = {"kind": kind, "since": since, "until": until}
        cursor.execute(statement(f"roll_up_{kind}s"), {**span, "bounds": list(BOUNDS)})
        made = int(cursor.rowcount)
        cursor.execute(statement("add_to_totals"), span)
        cursor.execute(statement("advance_rollup_mark"), span)
    return made


def merge() -> int:
    """Turn minutes older than two days into hours; returns how many rows of hours were written."""
    with connection.cursor() as cursor:
        cursor.execute(statement("merge_rollups"))
        return int(cursor.rowcount)


def rolled_until(kind: str) -> datetime:
    """Everything of this kind that finished before this moment is in the rollups."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT until FROM ops_engine_rollupmark WHERE kind = %s", [kind])
        until: datetime = cursor.fetchone()[0]
    return until
