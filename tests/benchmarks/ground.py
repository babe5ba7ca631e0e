"""The database that is measured on: the whole schema, twelve partitions, and the same empty tables for each round."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.apps import apps
from django.core.management import call_command
from django.db import connection

from opsconsole.engine.configuration import configuration
from opsconsole.engine.partitions import PARTITIONED, Period, ensure_partitions, period_of
from opsconsole.engine.partitions import _create as create_partition
from opsconsole.kernel import clock

PARTITIONS = 12
WORK = (
    "ops_engine_command", "ops_engine_event", "ops_engine_attempt", "ops_engine_batch", "ops_engine_claim",
    "ops_engine_uniquekey", "ops_engine_stream", "ops_streams_snapshot", "ops_bench_ledger", "ops_bench_start",
)  # fmt: skip
RIVALS = (
    "procrastinate_jobs", "procrastinate_events", "procrastinate_periodic_defers", "django_tasks_database_dbtaskresult",
)  # fmt: skip


def prepare() -> None:
    """Make all tables, and partitions as after eight months: eight old ones, this month's, three ahead."""
    call_command("migrate", run_syncdb=True, interactive=False, verbosity=0)
    clear()
    with connection.cursor() as cursor:
        for table in PARTITIONED:
            for name in _partitions(table):
                cursor.execute(f"DROP TABLE {name}")
            for number, period in enumerate(_months_until(clock.now(), PARTITIONS - configuration().partitions_ahead)):
                create_partition(table, period, first=number == 0)
    ensure_partitions()


def clear() -> None:
    """Empty every table that work is written to, and let no round pay for the one before."""
    tables = [*WORK, *(name for name in RIVALS if name in _existing())]
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)}")
        cursor.execute("CHECKPOINT")


def facts() -> dict[str, object]:
    """What the database says about itself: version, durability, partitions and indexes of the command table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)",
            [["server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_sync_method",
              "shared_buffers", "max_wal_size", "commit_delay", "wal_compression"]],
        )  # fmt: skip
        settings = dict(cursor.fetchall())
        cursor.execute("SELECT count(*) FROM pg_indexes WHERE tablename = 'ops_engine_command'")
        indexes = cursor.fetchone()[0]
    return {**settings, "partitions": len(_partitions("ops_engine_command")), "indexes": indexes}


def _partitions(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass(%s)", [table])
        return [name for (name,) in cursor.fetchall()]


def _existing() -> set[str]:
    return {model._meta.db_table for model in apps.get_models()} & set(connection.introspection.table_names())


def _months_until(now: datetime, count: int) -> Iterator[Period]:
    """The month of `now` and those before it, oldest first."""
    months = [period_of(now, "month")]
    while len(months) < count:
        months.append(period_of(months[-1].start - timedelta(days=1), "month"))
    yield from reversed(months)
