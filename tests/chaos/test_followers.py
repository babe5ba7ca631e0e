"""Consumers of the log are killed every moment while sixteen writers append, wait and roll back.

Every event is applied exactly once and in order; the projection equals a fold of the log; every process comes to its
end, having acted as often as it should.
"""

import os
import random
import signal
import threading
import time
from collections import Counter
from contextlib import suppress

import pytest
from django.db import connection, transaction

from opsconsole.engine import emit
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.streams.models import Process, ProcessStep, Subscription
from tests.chaos.site import Site, ask, eventually, someone
from tests.handlers_app.messages import Logged
from tests.handlers_app.models import Entry, Tally

WRITERS = 16
ROLLBACKS = 0.15
KEYS = "abcdefgh"
FOLLOWERS = ("tests.tallies_of_the_log", "tests.ledger_of_the_log", "tests.matter")


class _TakenBack(Exception):
    pass


class Writers:
    """Threads that emit until there are enough events; every so many of them opens a matter."""

    def __init__(self, wanted: int, matters: int) -> None:
        self.wanted, self.every = wanted, wanted // matters
        self.count = 0
        self.lock = threading.Lock()
        self.errors: list[BaseException] = []
        self.threads = [threading.Thread(target=self.write, args=(random.Random(seed),)) for seed in range(WRITERS)]

    def write(self, chance: random.Random) -> None:
        try:
            while self.count < self.wanted:
                with suppress(_TakenBack):
                    self.append(chance)
        except BaseException as error:
            self.errors.append(error)
        finally:
            connection.close()

    def append(self, chance: random.Random) -> None:
        size = chance.randint(1, 12)
        with transaction.atomic():
            with self.lock:
                first = self.count
                self.count += size
            for number in range(first, first + size):
                emit(Logged(number=number, key=chance.choice(KEYS), opens=number % self.every == 0))
                if chance.random() < 0.1:
                    time.sleep(chance.random() * 0.01)  # a request at work while its numbers are drawn
            if chance.random() < ROLLBACKS:
                raise _TakenBack


@pytest.mark.parametrize(
    ("count", "matters", "blows"),
    [
        pytest.param(2_000, 50, 8, id="small"),
        pytest.param(100_000, 2_000, 150, id="full", marks=(pytest.mark.full, pytest.mark.timeout(3600))),
    ],
)
def test_every_event_is_applied_exactly_once_and_in_order(site: Site, count: int, matters: int, blows: int):
    site.dispatcher()
    workers = [site.worker(2), site.worker(2)]
    eventually(lambda: ask("SELECT count(*) FROM ops_engine_runner") >= 5, "the start of all processes")
    writers = Writers(count, matters)
    for thread in writers.threads:
        thread.start()
    chance = random.Random(count)
    for blow in range(blows):
        due = count * 0.8 * (blow + 1) / blows
        eventually(lambda due=due: _read() >= due * (1 - ROLLBACKS), "progress after the last blow")
        if child := someone(chance.choice(workers).pool()):
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
    for thread in writers.threads:
        thread.join()
    assert not writers.errors
    eventually(_is_caught_up, "the end of all reading")
    eventually(lambda: not Process.objects.filter(is_live=True).exists(), "the end of every process")
    _check_the_books()


def _read() -> int:
    return int(ask("SELECT min(position) FROM ops_streams_subscription WHERE name = ANY(%s)", list(FOLLOWERS)))


def _is_caught_up() -> bool:
    return bool(
        ask("SELECT NOT EXISTS (SELECT FROM ops_engine_event WHERE position IS NULL)")
        and _read() == ask("SELECT max(position) FROM ops_engine_event")
    )


def _check_the_books() -> None:
    mine = Subscription.objects.filter(name__in=FOLLOWERS)
    assert set(mine.values_list("status", "error", "tries")) == {("running", "", 0)}
    logged = StoredEvent.objects.filter(type="tests.logged").order_by("position")
    effects = Counter(Entry.objects.values_list("command_id", flat=True))
    assert set(effects) == set(logged.values_list("id", flat=True)), "lost, or out of nowhere"
    assert set(effects.values()) == {1}, "applied twice"
    assert {row.key: (row.count, row.total) for row in Tally.objects.all()} == _fold(logged)
    opened = [event["number"] for event in logged.values_list("data", flat=True) if event["opens"]]
    assert sorted(Process.objects.values_list("state__number", flat=True)) == sorted(opened)
    assert set(Process.objects.values_list("status", "version")) == {("closed", 3)}
    assert ProcessStep.objects.count() == 3 * len(opened)
    assert not ProcessStep.objects.exclude(refusal="").exists()
    assert StoredCommand.objects.filter(type="tests.close_matter", status="success").count() == 2 * len(opened)


def _fold(logged) -> dict[str, tuple[int, int]]:
    rows: dict[str, tuple[int, int]] = {}
    for event in logged.values_list("data", flat=True).iterator():
        count, total = rows.get(event["key"], (0, 0))
        rows[event["key"]] = (count + 1, (total * 31 + event["number"]) % 1_000_003)
    return rows
