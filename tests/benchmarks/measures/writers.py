"""What our wake-ups cost those who write: 32 connections, each committing one command at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from django.core.management import call_command

from tests.benchmarks import ground, pgbench, processes
from tests.benchmarks.findings import Finding, ratio
from tests.benchmarks.options import Size
from tests.benchmarks.progress import alternate, by_side
from tests.benchmarks.writer import THREADS

PROCESSES = 4
CONNECTIONS = PROCESSES * THREADS
WAKE_UPS = ("off", "after_commit", "trigger")


def measure(size: Size) -> Iterator[Finding]:
    sides = {wake_up: partial(sending, wake_up, size.writing_seconds) for wake_up in WAKE_UPS}
    rates = by_side(alternate(size.writing_rounds, sides))
    yield from _compared(rates, f"{CONNECTIONS} connections in {PROCESSES} processes that call send()")
    sides = {wake_up: partial(inserting, wake_up, size.writing_seconds) for wake_up in WAKE_UPS}
    rates = by_side(alternate(size.writing_rounds, sides))
    yield from _compared(rates, f"{CONNECTIONS} connections of pgbench, {PROCESSES} processes waking at full rate")


def _compared(rates: dict[str, list[float]], how: str) -> Iterator[Finding]:
    yield ratio(
        "writers with our wake-ups",
        rates["after_commit"],
        rates["off"],
        compared=f"without any; {how}",
        bar=0.9,
    )
    yield ratio(
        "writers with NOTIFY inside their transactions",
        rates["trigger"],
        rates["off"],
        compared=f"without any, for reference; {how}",
    )


def sending(wake_up: str, seconds: float) -> float:
    """Transactions a second of Django processes that send commands."""
    with _listening(wake_up), processes.programs("writer", PROCESSES, seconds, BENCH_WAKE_UP=wake_up) as programs:
        return round(processes.run_together(programs) / seconds, 1)


def inserting(wake_up: str, seconds: float) -> float:
    """Transactions a second of pgbench, which spends little on anything but the database.

    The programs beside it do the same on every side, but that what they want to tell is told on one of them only.
    """
    with _listening(wake_up), processes.programs("waker", PROCESSES, seconds, BENCH_WAKE_UP=wake_up) as wakers:
        for waker in wakers:
            processes.tell_to_begin(waker)
        rate = pgbench.insert_commands(CONNECTIONS, seconds)
        for waker in wakers:
            processes.line_of(waker)
        return rate


@contextmanager
def _listening(wake_up: str) -> Iterator[None]:
    """A dispatcher hears the wake-ups, and nobody executes anything."""
    ground.clear()
    call_command("ops_triggers", "install" if wake_up == "trigger" else "remove", stdout=open(os.devnull, "w"))
    try:
        with processes.dispatcher():
            yield
    finally:
        call_command("ops_triggers", "remove", stdout=open(os.devnull, "w"))
