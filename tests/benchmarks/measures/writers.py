"""What our wake-ups cost those who write: 32 connections, each committing one command at a time."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import IO

from django.core.management import call_command

from opsconsole.embedded.state import CHECKOUT
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
    with _listening(wake_up), _programs("writer", seconds, BENCH_WAKE_UP=wake_up) as programs:
        return round(_run(programs) / seconds, 1)


def inserting(wake_up: str, seconds: float) -> float:
    """Transactions a second of pgbench, which spends little on anything but the database.

    The programs beside it do the same on every side, but that what they want to tell is told on one of them only.
    """
    with _listening(wake_up), _programs("waker", seconds, BENCH_WAKE_UP=wake_up) as wakers:
        for waker in wakers:
            _tell_to_begin(waker)
        rate = pgbench.insert_commands(CONNECTIONS, seconds)
        for waker in wakers:
            _line(waker.stdout)
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


@contextmanager
def _programs(name: str, seconds: float, **environment: str) -> Iterator[list["subprocess.Popen[str]"]]:
    """Processes of a program of ours, ready to begin."""
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", str(seconds)]
    everything = {**os.environ, "DJANGO_SETTINGS_MODULE": processes.SETTINGS, **environment}
    with ExitStack() as stack:
        programs = [
            stack.enter_context(
                subprocess.Popen(
                    command,
                    env=everything,
                    cwd=CHECKOUT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(PROCESSES)
        ]
        for program in programs:
            _line(program.stdout)
        yield programs


def _run(programs: list["subprocess.Popen[str]"]) -> int:
    """Let them begin together; what they print at their end, added up."""
    for program in programs:
        _tell_to_begin(program)
    return sum(int(_line(program.stdout)) for program in programs)


def _tell_to_begin(program: "subprocess.Popen[str]") -> None:
    assert program.stdin
    program.stdin.write("\n")
    program.stdin.flush()


def _line(stream: IO[str] | None) -> str:
    line = stream.readline() if stream else ""
    if not line:
        raise RuntimeError("a program of the benchmark ended early; its words are above")
    return line
