"""The programs that are measured, as real processes."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from django.db import connection

from opsconsole.embedded.children import Child
from opsconsole.embedded.state import CHECKOUT, MANAGE

WORKERS = 2
SETTINGS = "tests.benchmarks.settings"


@contextmanager
def running(*programs: Sequence[str], **environment: str) -> Iterator[list[Child]]:
    """Run manage.py with each of these arguments while the block runs."""
    with tempfile.TemporaryDirectory(prefix="opsconsole-bench-") as logs, ExitStack() as stack:
        children = []
        for number, arguments in enumerate(programs):
            child = _manage(arguments, Path(logs) / f"{number}.log", environment)
            child.launch()
            stack.callback(child.stop)
            children.append(child)
        yield children


def _manage(arguments: Sequence[str], log: Path, environment: dict[str, str]) -> Child:
    everything = {**os.environ, "DJANGO_SETTINGS_MODULE": SETTINGS, **environment}
    child = Child(arguments[0], [sys.executable, str(MANAGE), *arguments], log=log, environment=everything)
    child.directory = CHECKOUT
    return child


@contextmanager
def engine(*, workers: int = WORKERS, queues: str = "default,events") -> Iterator[Child]:
    """Run a dispatcher, and a worker with so many processes; yields the worker, ready for work."""
    _forget_earlier_ones()
    worker = ["worker", "-c", str(workers), "-q", queues]
    with running(["dispatcher"], worker) as children:
        wait(lambda: all(child.ready() for child in children) and _registered() >= workers + 1, 60)
        yield children[1]


@contextmanager
def dispatcher() -> Iterator[Child]:
    """Run a dispatcher alone: wake-ups are heard, nothing is executed."""
    _forget_earlier_ones()
    with running(["dispatcher"]) as children:
        wait(lambda: children[0].ready() and _registered() >= 1, 60)
        yield children[0]


@contextmanager
def programs(name: str, count: int, seconds: float, **environment: str) -> Iterator[list["subprocess.Popen[str]"]]:
    """So many processes of a program of ours, ready to begin."""
    command = [sys.executable, "-m", f"tests.benchmarks.{name}", str(seconds)]
    everything = {**os.environ, "DJANGO_SETTINGS_MODULE": SETTINGS, **environment}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with ExitStack() as stack:
        made = [
            stack.enter_context(subprocess.Popen(command, env=everything, cwd=CHECKOUT, **pipes)) for _ in range(count)
        ]
        for program in made:
            line_of(program)
        yield made


def run_together(programs: list["subprocess.Popen[str]"]) -> int:
    """Let them begin together; what they print at their end, added up."""
    for program in programs:
        tell_to_begin(program)
    return sum(int(line_of(program)) for program in programs)


def tell_to_begin(program: "subprocess.Popen[str]") -> None:
    assert program.stdin
    program.stdin.write("\n")
    program.stdin.flush()


def line_of(program: "subprocess.Popen[str]") -> str:
    """The next line that it prints."""
    line = program.stdout.readline() if program.stdout else ""
    if not line:
        raise RuntimeError("a program of the benchmark ended early; its words are above")
    return line


def wait(condition: Callable[[], bool], seconds: float, *, every: float = 0.05) -> None:
    """Look again `every` so many seconds until the condition holds; raises TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not so after {seconds:.0f} s")
        time.sleep(every)


def _forget_earlier_ones() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM ops_engine_runner")


def _registered() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ops_engine_runner")
        return int(cursor.fetchone()[0])
