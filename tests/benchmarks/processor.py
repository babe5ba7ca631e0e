"""Processor time of a program and everything it started: noise from others does not change it much."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.db import connection

from opsconsole.embedded.processes import PROC, children_of

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Processor:
    """Seconds of processor time that trees of processes, named, have used in a block."""

    roots: dict[str, int]
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measured(self) -> Iterator[None]:
        before = {name: _tree(pid) for name, pid in self.roots.items()}
        yield
        self.seconds = {name: round(_tree(pid) - before[name], 2) for name, pid in self.roots.items()}


def postmaster() -> int | None:
    """The server's first process, when it runs on this machine."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        stat = PROC / str(cursor.fetchone()[0]) / "stat"
    if not stat.exists() or "postgres" not in stat.read_text():
        return None
    return int(stat.read_text().rpartition(")")[2].split()[1])


def _tree(pid: int) -> float:
    """Read again when a process ended meanwhile: its time passes to its parent."""
    family: list[int] = []
    while family != (family := _family(pid)):
        used = sum(_used(PROC / str(member) / "stat") for member in family)
    return used


def _family(pid: int) -> list[int]:
    return [pid, *(member for child in children_of(pid) for member in _family(child))]


def _used(stat: Path) -> float:
    """Own time and that of children that have ended."""
    try:
        fields = stat.read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS
