"""Work to be done, put into the tables at once; and waiting for its end."""

from collections.abc import Iterator

from django.db import connection, transaction

from opsconsole.engine import Command
from opsconsole.engine.outbox import Outbox
from opsconsole.kernel.tracing import NOBODY
from tests.benchmarks.handlers import Happened, WriteLedger
from tests.benchmarks.models import Ledger
from tests.benchmarks.processes import wait

TEXT = "a line of text such as a ledger holds"
SLOWEST = 20  # jobs a second; slower than this is not waited for


def ledger_commands(count: int) -> Iterator[Command]:
    return (WriteLedger(number=number, text=TEXT) for number in range(count))


def insert_commands(count: int) -> None:
    """Store that many commands in one transaction, which wakes the engine when it commits."""
    outbox = Outbox(NOBODY)
    for command in ledger_commands(count):
        outbox.plan_command(command)
    with transaction.atomic():
        outbox.write()


def insert_events(count: int) -> None:
    """Store that many events in one transaction."""
    outbox = Outbox(NOBODY)
    for number in range(count):
        outbox.plan_event(Happened(number=number, text=TEXT), source=None, tenant="", stream=None, expected=None)
    with transaction.atomic():
        outbox.write()


def wait_for_ledger(count: int) -> None:
    """Wait until so many handlers have committed; raises TimeoutError when that takes absurdly long."""
    wait(lambda: Ledger._default_manager.count() >= count, 60 + count / SLOWEST)


def nothing_claimed() -> bool:
    """Whether the workers have let go of everything."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT NOT EXISTS (SELECT FROM ops_engine_claim)")
        return bool(cursor.fetchone()[0])


def rate(started: str, finished: str, source: str) -> float:
    """Rows a second from the first start to the last finish, by the database's timestamps."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) / EXTRACT(epoch FROM max({finished}) - min({started}))::float8 FROM {source}"  # noqa: S608
        )
        return round(float(cursor.fetchone()[0]), 1)


def command_rate() -> float:
    """Of commands that succeeded, all of them; raises AssertionError when any did not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ops_engine_command WHERE status <> 'success' AND type = 'bench.write_ledger'")
        assert cursor.fetchone()[0] == 0, "not every command succeeded"
    return rate("started_at", "finished_at", "ops_engine_command WHERE type = 'bench.write_ledger'")
