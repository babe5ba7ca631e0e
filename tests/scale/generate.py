"""A long history in the engine's tables, made in the database: for measuring pages and looking at them.

Needs empty tables. As a program, in the database that the settings name:
python -m tests.scale.generate 1000000
"""

import sys
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection

HERE = Path(__file__).parent
FILES = ("history.sql", "streams.sql")
KEPT = ("ops_engine_sequencer", "ops_engine_rollupmark", "ops_streams_move")  # migrate puts these rows there


def generate(commands: int, *, days: int = 300, tenants: int = 40) -> None:
    """Make a history of about `commands` commands, and 0.3 events for each, over `days` days."""
    from opsconsole.engine import rollups

    _partition_the_past(days)
    numbers = {
        "days": days,
        "tenants": tenants,
        "events": commands * 3 // 10,
        "streams": max(1, commands * 3 // 200),
        "batch_size": 180,
        "large_batch": commands // 10,
        "workflows": max(20, commands // 500),
    }
    statements = "".join((HERE / name).read_text() for name in FILES).replace("\n\n", "\n")
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
        cursor.execute(_inlined(statements, numbers))
        cursor.execute("DISCARD TEMP")
        cursor.execute(f"VACUUM ANALYZE {', '.join(_tables())}")
    rollups.roll_up()


def erase() -> None:
    """Leave the engine's tables as they were before: empty, with the partitions that the engine makes."""
    from opsconsole.engine import partitions, rollups

    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(table for table in _tables() if table not in KEPT)} CASCADE")
        cursor.execute("UPDATE ops_engine_sequencer SET position = 0")
        cursor.execute("DELETE FROM ops_engine_rollupmark")
        for table in partitions.PARTITIONED:
            cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [table])
            for (partition,) in cursor.fetchall():
                cursor.execute(f"DROP TABLE {partition}")
    partitions.ensure_partitions()
    rollups.begin()


def _tables() -> list[str]:
    from django.apps import apps

    labels = ("ops_engine", "ops_streams")
    return [model._meta.db_table for label in labels for model in apps.get_app_config(label).get_models()]


def _inlined(statements: str, numbers: dict[str, int]) -> str:
    """Many statements at once cannot take parameters."""
    return statements % {name: str(number) for name, number in numbers.items()}


def _partition_the_past(days: int) -> None:
    """Replace the first partition, which reaches back to the beginning, by one a month."""
    from opsconsole.engine.partitions import PARTITIONED, Period, period_of
    from opsconsole.engine.partitions import _create as create
    from opsconsole.kernel import clock

    now = clock.now()
    with connection.cursor() as cursor:
        for table in PARTITIONED:
            cursor.execute(f"DROP TABLE {table}_{period_of(now, 'month').name}")
            for number, period in enumerate(_months(now - timedelta(days=days), now)):
                create(table, Period(period.name, period.start, period.end), first=number == 0)


def _months(since: datetime, until: datetime) -> list:
    from opsconsole.engine.partitions import period_of

    months = [period_of(since, "month")]
    while months[-1].end <= until:
        months.append(period_of(months[-1].end, "month"))
    return months


if __name__ == "__main__":
    import django

    django.setup()
    generate(int(sys.argv[1]))
