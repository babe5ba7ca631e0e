"""Reminders by the thousand, on real processes: how late they are, and that none is lost or called too often."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

import pytest
from django.db import transaction

from opsconsole.embedded.state import CHECKOUT
from opsconsole.engine.queries.present import database_now
from opsconsole.reminders import operations
from opsconsole.reminders.models import ReminderRow
from tests.chaos.site import Site, ask, eventually

SETTINGS = "tests.chaos.reminder_settings"
PAGE = 250  # reminders defined in one transaction


@dataclass(frozen=True, slots=True)
class Taken:
    """A call that the receiver has seen; `lateness` in seconds."""

    key: str
    lateness: float
    kind: str


@dataclass
class Inbox:
    port: int
    lines: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/inbox"

    def calls(self) -> list[Taken]:
        found = []
        for line in self.lines.read_text().splitlines():
            moment, key, scheduled, kind = line.split()
            found.append(Taken(key, float(moment) - datetime.fromisoformat(scheduled).timestamp(), kind))
        return found


@contextmanager
def inbox(directory: Path, **manners: float) -> Iterator[Inbox]:
    """A receiver in a process of its own."""
    lines = directory / "inbox.txt"
    words = [f"--{name.replace('_', '-')}={value}" for name, value in manners.items()]
    command = [sys.executable, "-m", "tests.chaos.inbox", str(lines), *words]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout
        try:
            yield Inbox(int(program.stdout.readline()), lines)
        finally:
            program.kill()


@pytest.fixture(autouse=True)
def _loopback(settings: Any) -> None:
    settings.OPSCONSOLE_REMINDERS = {"allow_loopback": True}


@pytest.fixture
def calling(site: Site) -> Site:
    site.environment["DJANGO_SETTINGS_MODULE"] = SETTINGS
    return site


def define(count: int, address: str, *, within: float, ahead: float) -> datetime:
    """So many reminders, due evenly within so many seconds, the first `ahead` seconds from now; returns that moment."""
    begin = database_now() + timedelta(seconds=ahead)
    for first in range(0, count, PAGE):
        with transaction.atomic():
            for number in range(first, min(first + PAGE, count)):
                operations.define(address=address, at=begin + timedelta(seconds=within * number / count))
    return begin


def delivered() -> int:
    return int(ask("SELECT count(*) FROM ops_engine_command WHERE type = 'reminders.call_back'"))


@pytest.mark.parametrize(
    ("count", "within", "ahead"),
    [
        pytest.param(400, 2.0, 6.0, id="small"),
        pytest.param(10_000, 10.0, 60.0, id="full", marks=(pytest.mark.full, pytest.mark.timeout(900))),
    ],
)
def test_reminders_that_are_due_together_are_called_within_a_second(
    calling: Site, tmp_path: Path, count: int, within: float, ahead: float
):
    calling.dispatcher()
    calling.worker(2)
    eventually(lambda: ask("SELECT count(*) FROM ops_engine_runner") >= 3, "the start of all processes")
    with inbox(tmp_path) as receiver:
        begun = time.monotonic()
        begin = define(count, receiver.address, within=within, ahead=ahead)
        print(f"\ndefined in {time.monotonic() - begun:.1f} s")
        eventually(lambda: delivered() == count, "the beginning of every delivery", ahead)
        print(f"delivered {(begin - database_now()).total_seconds():.1f} s before the first is due")
        eventually(lambda: len(receiver.calls()) >= count, "the last call", ahead + within + 60)
        calls = receiver.calls()
        ended = ReminderRow.objects.exclude(ended_at=None)
        eventually(lambda: ended.count() == count, "the end of every reminder", 120)
    late = quantiles([call.lateness for call in calls], n=100)
    print(f"lateness: median {late[49]:.3f} s, p90 {late[89]:.3f} s, p99 {late[98]:.3f} s")
    print(f"longest {max(call.lateness for call in calls):.3f} s")
    assert len({call.key for call in calls}) == len(calls) == count
    assert set(ReminderRow.objects.values_list("status", flat=True)) == {"Completed"}
    assert min(call.lateness for call in calls) >= -0.01, "called before its time"
    assert late[98] <= 1.0
