"""Events with one command each: how fast they are reacted to, and how fast the log is put in order."""

import time
from collections.abc import Iterator
from statistics import median

from opsconsole.engine import sequencing
from tests.benchmarks import ground, load, processes
from tests.benchmarks.findings import Finding
from tests.benchmarks.options import Size
from tests.benchmarks.progress import alternate, by_side

DONE = "ops_engine_event WHERE status = 'success'"
REACTED = f"SELECT count(*), min(started_at), max(finished_at) FROM {DONE}"  # noqa: S608 - our own text
STORED = "ops_engine_command WHERE type = 'bench.park'"


def measure(size: Size) -> Iterator[Finding]:
    sides = {"reacting": lambda: reacting(size.events), "sequencing": lambda: ordering(size.events)}
    rates = by_side(alternate(size.rounds, sides))
    yield Finding(
        name="events with one command each",
        value=median(rates["reacting"]),
        unit="/s",
        compared="from pending events to stored commands, 2 worker processes, the log sequenced meanwhile",
        bar=5000,
        details={"rounds": rates["reacting"]},
    )
    yield Finding(
        name="events given their position",
        value=median(rates["sequencing"]),
        unit="/s",
        compared="by one dispatcher, nothing else going on",
        details={"rounds": rates["sequencing"]},
    )


def reacting(count: int) -> float:
    """Events a second; nobody executes the commands that they lead to."""
    ground.clear()
    with processes.engine():
        load.insert_events(load.WARMING)
        load.wait_for_rows(DONE, load.WARMING)
        load.wait_until_let_go()
        ground.clear()
        load.insert_events(count)
        load.wait_for_rows(DONE, count)
        load.wait_for_rows(STORED, count)
    return load.rate(REACTED)


def ordering(count: int) -> float:
    """Events a second that the sequencer gives positions to."""
    ground.clear()
    load.insert_events(count)
    began = time.perf_counter()
    while sequencing.sequence():
        pass
    return round(count / (time.perf_counter() - began), 1)
