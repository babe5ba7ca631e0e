"""An idle system: from the commit of a command to the start of its handler."""

import random
import time
from collections.abc import Iterator
from statistics import median, quantiles

from django.db import transaction

from opsconsole.engine import send
from tests.benchmarks import ground, load, processes
from tests.benchmarks.findings import Finding
from tests.benchmarks.handlers import NoteStart
from tests.benchmarks.models import Start
from tests.benchmarks.options import Size

NAME = "idle wake-up"
PAUSES = (0.05, 0.35)  # seconds between two commands: the system is idle again


def measure(size: Size) -> Iterator[Finding]:
    ground.clear()
    with processes.engine():
        one_by_one(range(-20, 0))
        latencies = one_by_one(range(size.wake_ups))
    details = {"samples": len(latencies), "longest": max(latencies)}
    how = "from a command's commit to the start of its handler, through NOTIFY, dispatcher and Celery"
    yield Finding(
        name=f"{NAME}, median",
        value=median(latencies),
        unit="ms",
        compared=how,
        bar=15,
        lower_is_better=True,
        details=details,
    )
    yield Finding(
        name=f"{NAME}, 99 of 100",
        value=quantiles(latencies, n=100)[98],
        unit="ms",
        compared=how,
        bar=60,
        lower_is_better=True,
    )


def one_by_one(numbers: range) -> list[float]:
    """Send commands with pauses between them; their latencies in milliseconds, by the machine's monotonic clock."""
    committed = {}
    for number in numbers:
        time.sleep(random.uniform(*PAUSES))  # noqa: S311 - not in step with anybody's timer
        committed[number] = _send(number)
    load.wait_for_rows(f"ops_bench_start WHERE number BETWEEN {numbers[0]} AND {numbers[-1]}", len(numbers))
    starts = dict(Start._default_manager.filter(number__in=committed).values_list("number", "at"))
    return [round(1000 * (starts[number] - at), 2) for number, at in committed.items()]


def _send(number: int) -> float:
    """When the command was committed: noted by the first hook, before the engine's own."""
    noted: list[float] = []
    with transaction.atomic():
        transaction.on_commit(lambda: noted.append(time.monotonic()))
        send(NoteStart(number=number))
    return noted[0]
