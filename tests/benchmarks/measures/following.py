"""Followers of the log: how fast a projection catches up, how soon a process answers, what a rebuild needs."""

import subprocess
import sys
import time
from collections.abc import Iterator
from statistics import median, quantiles

from django.db import connection, transaction

from opsconsole.embedded.state import CHECKOUT
from opsconsole.engine import emit, sequencing
from opsconsole.engine.outbox import Outbox
from opsconsole.kernel.tracing import NOBODY
from opsconsole.streams import duties, following, rebuilding
from opsconsole.streams.models import Subscription
from tests.benchmarks import ground, load, processes
from tests.benchmarks.findings import Finding
from tests.benchmarks.measures.latency import PAUSES
from tests.benchmarks.models import Balance, Start
from tests.benchmarks.options import Size
from tests.benchmarks.progress import say
from tests.benchmarks.subscriptions import PROJECTION, Asked, Moved

ACCOUNTS = 5_000
BLOCK = 20_000
MEBIBYTE = 1024  # in the unit of ru_maxrss


def measure(size: Size) -> Iterator[Finding]:
    clear()
    fill(size.followed)
    rates = [catching_up(size.followed) for _ in range(size.rounds)]
    yield Finding(
        name="a projection catching up",
        value=median(rates),
        unit="/s",
        compared=f"{size.followed:,} events into {ACCOUNTS:,} rows, one consumer, the position kept with every page",
        bar=10_000,
        details={"rounds": rates},
    )
    yield from answering(size)
    yield rebuilt(size)


def fill(count: int) -> None:
    """Store events and give them their positions."""
    for first in range(0, count, BLOCK):
        outbox = Outbox(NOBODY)
        for number in range(first, min(first + BLOCK, count)):
            event = Moved(account=number * 7919 % ACCOUNTS, amount=number % 100, text=load.TEXT)
            outbox.plan_event(event, source=None, tenant="", stream=None, expected=None)
        with transaction.atomic():
            outbox.write()
        sequencing.catch_up()


def catching_up(count: int) -> float:
    """Events a second, from the first one to the end of the log, in this process."""
    Balance._default_manager.all().delete()
    Subscription.objects.filter(name=PROJECTION).update(position=0)
    began = time.perf_counter()
    following.follow_to_the_end()
    rate = round(count / (time.perf_counter() - began), 1)
    assert sum(Balance._default_manager.values_list("moves", flat=True)) == count
    say(f"a projection caught up at {rate:,.0f}/s")
    return rate


def answering(size: Size) -> Iterator[Finding]:
    """From the commit of an event to the start of the handler of the process's next command, nothing else going on."""
    clear()
    with processes.engine(queues="default,events,@streams"):
        _ask(range(-20, 0))
        latencies = _ask(range(size.wake_ups))
    how = "from an event's commit to the start of the handler of the process's next command"
    details = {"samples": len(latencies), "longest": max(latencies)}
    yield Finding(
        name="a process answers, median",
        value=median(latencies),
        unit="ms",
        compared=how,
        bar=50,
        lower_is_better=True,
        details=details,
    )
    yield Finding(
        name="a process answers, 99 of 100",
        value=quantiles(latencies, n=100)[98],
        unit="ms",
        compared=how,
        lower_is_better=True,
    )


def rebuilt(size: Size) -> Finding:
    """Memory that a rebuild takes beyond what it had taken after twenty pages."""
    clear()
    fill(size.rebuilt)
    following.follow_to_the_end()
    rebuilding.rebuild(PROJECTION, actor="bench")
    began = time.perf_counter()
    command = [sys.executable, "-m", "tests.benchmarks.rebuilder"]
    words = subprocess.run(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    seconds = time.perf_counter() - began
    early, late = map(int, words)
    assert not Subscription.objects.filter(shadow_of=PROJECTION).exists()
    return Finding(
        name="a rebuild's memory",
        value=round((late - early) / MEBIBYTE, 1),
        unit="MiB",
        compared=f"growth from 20,000 events to {size.rebuilt:,}, exchange included ({size.rebuilt / seconds:,.0f}/s)",
        bar=16,
        lower_is_better=True,
        details={"early_kib": early, "late_kib": late, "seconds": seconds},
    )


def _ask(numbers: range) -> list[float]:
    committed = {}
    for number in numbers:
        time.sleep(PAUSES[0] + 0.3 * (number % 7) / 7)
        noted: list[float] = []
        with transaction.atomic():
            transaction.on_commit(lambda noted=noted: noted.append(time.monotonic()))
            emit(Asked(number=number))
        committed[number] = noted[0]
    load.wait_for_rows(f"ops_bench_start WHERE number BETWEEN {numbers[0]} AND {numbers[-1]}", len(numbers))
    starts = dict(Start._default_manager.filter(number__in=committed).values_list("number", "at"))
    return [round(1000 * (starts[number] - at), 2) for number, at in committed.items()]


def clear() -> None:
    ground.clear()
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE ops_streams_subscription, ops_streams_process, ops_streams_processstep;"
            f"TRUNCATE {Balance._meta.db_table}; UPDATE ops_engine_sequencer SET position = 0"
        )
    duties.begin()
