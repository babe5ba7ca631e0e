"""Everything is killed at random while commands with one countable effect each are executed.

Nothing may be lost, nothing may happen twice, nothing may be left over.
"""

import os
import random
import signal
import socket
from collections import Counter
from contextlib import suppress

import pytest
from django.db import OperationalError, connection, transaction

from opsconsole.engine import emit, send_batch, sequencing
from opsconsole.engine.models import Claim, UniqueKey
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from tests.chaos.conftest import LEASE
from tests.chaos.site import Process, Site, ask, eventually, someone
from tests.factories import batch, statuses
from tests.handlers_app.messages import Act, Fatal, Record, RecordOutside
from tests.handlers_app.models import Entry

BLOWS = (
    *("kill_pool_child",) * 5,
    *("kill_worker",) * 2,
    *("kill_dispatcher",) * 2,
    *("flush_broker",) * 2,
    *("kill_broker",) * 2,
)
RESTARTS = ("restart_postgres",) * 2


class Chaos:
    """Blows struck at random, each when a certain part of the work is done, so that there is always progress."""

    def __init__(self, site: Site, count: int, times: int) -> None:
        self.site = site
        self.chance = random.Random(count)
        self.dispatchers = [site.dispatcher(), site.dispatcher()]
        self.workers = [site.worker(2), site.worker(2)]
        self.blows = [*BLOWS * times, *RESTARTS]
        self.chance.shuffle(self.blows)
        self.every = 0.9 * count / len(self.blows)  # the last ones are left in peace
        self.struck: Counter[str] = Counter()

    def strike(self, done: int) -> None:
        """Strike as many blows as are due."""
        while self.blows and done >= self.every * (self.struck.total() + 1):
            blow = self.blows.pop()
            getattr(self, blow)()
            self.struck[blow] += 1

    def kill_pool_child(self) -> None:
        if child := someone(self.chance.choice(self.workers).pool()):
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)

    def kill_worker(self) -> None:
        """Its main process only; its children end by themselves, some time. Another one is started."""
        worker = self.chance.choice(self.workers)
        worker.kill_main()
        self._replace(self.workers, worker, self.site.worker(2))

    def kill_dispatcher(self) -> None:
        dispatcher = self.chance.choice(self.dispatchers)
        dispatcher.kill_main()
        self._replace(self.dispatchers, dispatcher, self.site.dispatcher())

    def flush_broker(self) -> None:
        self._to_broker(b"FLUSHALL\r\n")

    def kill_broker(self) -> None:
        self.site.servers.valkey.kill()
        self.site.servers.valkey.start()

    def restart_postgres(self) -> None:
        self.site.restart_postgres()

    def _to_broker(self, words: bytes) -> None:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.site.servers.valkey.socket))
            client.sendall(words)
            client.recv(16)

    @staticmethod
    def _replace(processes: list[Process], old: Process, new: Process) -> None:
        processes[processes.index(old)] = new


def _done() -> int:
    with suppress(OperationalError):
        return int(ask("SELECT count(*) FROM ops_engine_command WHERE status IN ('success', 'error', 'cancelled')"))
    connection.close()
    return 0


@pytest.mark.parametrize(
    ("count", "times"),
    [
        pytest.param(1_500, 1, id="small"),
        pytest.param(20_000, 10, id="full", marks=(pytest.mark.full, pytest.mark.timeout(3600))),
    ],
)
def test_nothing_is_lost_and_nothing_happens_twice(site: Site, count: int, times: int):
    outside, events = count // 10, count // 20
    chaos = Chaos(site, count, times)
    eventually(lambda: ask("SELECT count(*) FROM ops_engine_runner") >= 6, "the start of all processes")
    identifier = send_batch(
        [Record(milliseconds=5) for _ in range(count - outside - events)]
        + [RecordOutside(milliseconds=5) for _ in range(outside)],
        on_success=Act(),
        on_failure=Act(),
    )
    with transaction.atomic():
        for number in range(events):
            emit(Fatal(number=number))
    while chaos.blows:
        due = chaos.every * (chaos.struck.total() + 1)
        eventually(lambda due=due: _done() >= due, "progress after the last blow")
        chaos.strike(_done())
    print(f"struck: {dict(chaos.struck)}")
    eventually(lambda: batch(identifier).status == "success", "the end of the batch")
    eventually(lambda: _done() == count + 2, "the end of all work")
    _check_the_books(count)


def _check_the_books(count: int) -> None:
    effects = Counter(Entry.objects.values_list("command_id", flat=True))
    recorded = set(StoredCommand.objects.filter(type__startswith="tests.record").values_list("id", flat=True))
    assert len(recorded) == count
    assert set(effects) == recorded, "lost, or out of nowhere"
    assert set(effects.values()) == {1}, "happened twice"
    assert set(StoredCommand.objects.filter(type__startswith="tests.record").values_list("status", flat=True)) == {
        "success"
    }
    assert sorted(statuses(type="tests.act")) == ["cancelled", "success"], "one next command ran, the other never will"
    assert set(StoredEvent.objects.values_list("status", flat=True)) == {"success"}
    eventually(lambda: not Claim.objects.exists(), "the end of the last claim", seconds=LEASE + 5)
    assert not UniqueKey.objects.exists()
    positions = list(StoredEvent.objects.order_by("position").values_list("position", flat=True))
    assert positions == list(range(1, len(positions) + 1))
    assert sequencing.last_position() == len(positions)
