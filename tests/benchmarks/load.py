"""Work to be done, put into the tables at once; and how fast it was done."""

from collections.abc import Iterator

from django.db import connection, transaction

from opsconsole.engine import Command
from opsconsole.engine.outbox import Outbox
from opsconsole.kernel.tracing import NOBODY
from tests.benchmarks.handlers import Happened, WriteLedger
from tests.benchmarks.processes import wait

TEXT = "a line of text such as a ledger holds"
WARMING = 200  # jobs done before the measured ones: connections open, plans made
SLOWEST = 20  # jobs a second; nothing slower is waited for
DONE = "ops_engine_command WHERE type = 'bench.write_ledger' AND status = 'success'"
TIMES = f"SELECT count(*), min(started_at), max(finished_at) FROM {DONE}"  # noqa: S608 - our own text


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


def wait_for_rows(source: str, count: int) -> None:
    """Wait until so many rows are there; raises TimeoutError when that takes absurdly long."""
    wait(lambda: _count(source) >= count, 60 + count / SLOWEST, every=0.5)


def wait_until_let_go() -> None:
    """Wait until the workers hold nothing any more."""
    wait(lambda: _count("ops_engine_claim") == 0, 30)


def rate(times: str) -> float:
    """Rows a second from the first start to the last finish, which the query tells by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(times)
        count, first, last = cursor.fetchone()
    return round(count / (last - first).total_seconds(), 1)


def _count(source: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {source}")  # noqa: S608 - our own text
        return int(cursor.fetchone()[0])
