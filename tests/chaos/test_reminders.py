"""Reminders by the thousand, on real processes: how late they are, and that none is lost or called too often."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connection, transaction

from opsconsole.embedded.state import CHECKOUT
from opsconsole.engine import send
from opsconsole.engine.models import Claim, Runner
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.queries.present import database_now
from opsconsole.reminders import operations
from opsconsole.reminders.models import ReminderRow
from opsconsole.streams.models import Process
from tests.chaos.site import Site, ask, eventually, someone
from tests.factories import command
from tests.handlers_app.messages import Record

SETTINGS, PATIENT = "tests.chaos.reminder_settings", "tests.chaos.patient_settings"
PAGE = 250  # reminders defined in one transaction


@dataclass(frozen=True, slots=True)
class Taken:
    """A call that the receiver has seen; `lateness` in seconds."""

    key: str
    moment: float
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
            late = float(moment) - datetime.fromisoformat(scheduled).timestamp()
            found.append(Taken(key, float(moment), late, kind))
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
    calling.worker(2, "reminders")  # nothing else keeps these from being there in time
    calling.worker(1, "default,events,@streams")
    eventually(lambda: ask("SELECT count(*) FROM ops_engine_runner") >= 4, "the start of all processes")
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


def _recorded() -> set[str]:
    """The keys of calls whose success has been recorded."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT data ->> 'reminder_id', data ->> 'occasion' FROM ops_engine_event WHERE type = 'reminders.completed'"
        )
        return {"-".join(row) for row in cursor.fetchall()}


def _ended() -> int:
    with suppress(OperationalError):
        return ReminderRow.objects.exclude(ended_at=None).count()
    connection.close()
    return 0


@pytest.mark.parametrize(
    ("count", "dead", "blows"),
    [
        pytest.param(400, 3, 6, id="small"),
        pytest.param(10_000, 20, 60, id="full", marks=(pytest.mark.full, pytest.mark.timeout(3600))),
    ],
)
def test_whatever_the_receiver_and_the_machine_do_every_reminder_ends_and_none_is_called_after_its_success(
    calling: Site, tmp_path: Path, count: int, dead: int, blows: int
):
    """The receiver refuses half of the calls, leaves a tenth without an answer, and is dead for a while; meanwhile
    workers and dispatchers are killed. What a killed worker had not recorded is called again with the same key."""
    chance = random.Random(count)
    dispatchers, workers = [calling.dispatcher()], [calling.worker(2, "reminders"), calling.worker(2)]
    eventually(lambda: ask("SELECT count(*) FROM ops_engine_runner") >= 5, "the start of all processes")
    ahead = 5.0 + count / 250
    begins = time.time() + ahead + 3
    manners = {"refuse": 0.5, "silent": 0.1, "dead_from": begins, "dead_until": begins + dead}
    with inbox(tmp_path, **manners) as receiver:
        define(count, receiver.address, within=10.0 if count > 1000 else 3.0, ahead=ahead)
        for blow in range(blows):
            share = 0.8 * count * (blow + 1) / blows
            eventually(lambda share=share: _ended() >= share, "progress after the last blow", 300)
            if blow % 3 == 2:
                victim = chance.choice([*dispatchers, *workers])
                calling.start_again(victim)
            elif child := someone(chance.choice(workers).pool()):
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
        eventually(lambda: _ended() == count, "the end of every reminder", 600)
        calls = receiver.calls()
    statuses = Counter(ReminderRow.objects.values_list("status", flat=True))
    taken = Counter(call.key for call in calls if call.kind == "taken")
    print(f"\n{dict(statuses)}; {len(calls)} calls, {sum(taken.values()) - len(taken)} answered more than once")
    assert set(statuses) <= {"Completed", "Failed"} and statuses.total() == count
    assert statuses["Completed"] >= 0.9 * count
    assert _recorded() <= set(taken), "completed without an answer"
    assert statuses["Completed"] == len(_recorded())
    assert _called_after_success(calls) == []
    eventually(lambda: not Process.objects.filter(is_live=True).exists(), "the end of every delivery")


def _called_after_success(calls: list[Taken]) -> list[str]:
    """Keys that were called although their success had been recorded by then."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT data ->> 'reminder_id' || '-' || (data ->> 'occasion'), extract(epoch FROM created_at)::float8"
            " FROM ops_engine_event WHERE type = 'reminders.completed'"
        )
        recorded_at = dict(cursor.fetchall())
    slack = 1.0  # between the statement's time and the visibility of its commit
    return [call.key for call in calls if call.moment > recorded_at.get(call.key, call.moment) + slack]


def test_receivers_that_never_answer_keep_nobody_else_waiting(calling: Site, tmp_path: Path):
    """Two worker processes for all queues, as a small site has; for ten seconds, calls that hang begin all the time."""
    calling.environment["DJANGO_SETTINGS_MODULE"] = PATIENT
    calling.dispatcher()
    calling.worker(2)
    eventually(lambda: ask("SELECT count(*) FROM ops_engine_runner") >= 3, "the start of all processes")
    silent, quick = tmp_path / "silent", tmp_path / "quick"
    silent.mkdir(), quick.mkdir()
    with inbox(silent, silent=1.0) as hanging, inbox(quick) as receiver:
        define(20, hanging.address, within=10.0, ahead=6.0)
        define(100, receiver.address, within=10.0, ahead=6.0)
        eventually(lambda: len(receiver.calls()) >= 100, "the last call", 60)
        waits = [_wait_of(send(Record()).id) for _ in range(3)]
        calls = receiver.calls()
    late = sorted(call.lateness for call in calls)
    print(
        f"\nlateness beside hanging calls: median {late[50]:.3f} s, longest {late[-1]:.3f} s; others {max(waits):.3f} s"
    )
    assert late[50] <= 2.0, "4.7 s when chunks are waited for"
    assert max(waits) <= 5.0, "9.6 s when chunks are waited for"


def test_a_worker_that_is_to_stop_while_nobody_answers_records_what_came_of_the_call(calling: Site, tmp_path: Path):
    calling.environment["DJANGO_SETTINGS_MODULE"] = PATIENT
    calling.dispatcher()
    worker = calling.worker(1)
    eventually(lambda: ask("SELECT count(*) FROM ops_engine_runner") >= 2, "the start of both processes")
    with inbox(tmp_path, silent=1.0) as receiver:
        define(1, receiver.address, within=0.0, ahead=2.0)
        eventually(receiver.calls, "the call")
        other = send(Record()).id
        eventually(lambda: command(other).status == "success", "what the worker does meanwhile")
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(45), "it did not stop"
    assert worker.exit_code == 0
    call = StoredCommand.objects.get(type="reminders.call_back")
    assert (call.status, call.attempts, call.losses) == ("pending", 1, 0)
    assert not Claim.objects.exists()
    assert not Runner.objects.filter(kind="worker").exists()


def _wait_of(identifier: UUID) -> float:
    eventually(lambda: command(identifier).status == "success", "a command of another queue")
    stored = command(identifier)
    return float((stored.started_at - stored.created_at).total_seconds())
