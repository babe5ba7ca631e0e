"""Sixteen writers, delays, rollbacks, two sequencers: positions are dense, nothing is skipped or doubled."""

import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection, transaction

from opsconsole.engine import emit, sequencing
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.models import Stream
from tests.concurrency.races import rounds
from tests.handlers_app.messages import Ignored

WRITERS = 16
ROLLBACKS = 0.15
STREAMS = 8
READ = "SELECT id, {0} FROM ops_engine_event WHERE {0} > %s ORDER BY {0} LIMIT 500"


@dataclass
class Log:
    """What the writers know to be true, shared between threads."""

    wanted: int
    committed: set[UUID] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    errors: list[BaseException] = field(default_factory=list)
    written: threading.Event = field(default_factory=threading.Event)

    @property
    def is_full(self) -> bool:
        return len(self.committed) >= self.wanted

    def add(self, emitted: list[UUID]) -> None:
        with self.lock:
            self.committed.update(emitted)


@dataclass
class Reader:
    """Follows one column of the log, and remembers everything that it saw."""

    column: str
    last: int = 0
    seen: list[UUID] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)

    def read(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute(READ.format(self.column), [self.last])
            rows = cursor.fetchall()
        for identifier, number in rows:
            self.seen.append(identifier)
            self.numbers.append(number)
            self.last = number
        return len(rows)


class _TakenBack(Exception):
    pass


def write(log: Log, chance: random.Random) -> None:
    """Transactions of one to three events with pauses in them, of which every seventh comes to nothing."""
    while not log.is_full:
        emitted = []
        try:
            with transaction.atomic():
                for number in range(chance.randint(1, 3)):
                    stream = f"stream {chance.randrange(STREAMS)}" if chance.random() < 0.3 else None
                    emitted.append(emit(Ignored(number=number), stream=stream))
                    if chance.random() < 0.3:
                        time.sleep(chance.random() * 0.01)  # a request at work while its numbers are drawn
                    if stream is not None:
                        break  # two streams in one transaction could wait for each other crosswise
                if chance.random() < ROLLBACKS:
                    raise _TakenBack
        except _TakenBack:
            continue
        log.add(emitted)


def sequence(log: Log) -> None:
    while sequencing.sequence() or not log.written.is_set():
        time.sleep(0.001)


def follow(log: Log, reader: Reader) -> None:
    while reader.read() or not log.written.is_set():
        time.sleep(0.001)


def _threads(log: Log, *work: tuple) -> list[threading.Thread]:
    def run(function, *arguments) -> None:
        try:
            function(log, *arguments)
        except BaseException as error:  # raised again by the test
            log.errors.append(error)
        finally:
            connection.close()

    return [threading.Thread(target=run, args=one) for one in work]


@rounds(2_000, 100_000)
def test_sixteen_writers_and_two_sequencers(rounds: int):
    log = Log(wanted=rounds)
    ordered, naive = Reader("position"), Reader("seq")
    writers = _threads(log, *[(write, random.Random(seed)) for seed in range(WRITERS)])
    others = _threads(log, (sequence,), (sequence,), (follow, ordered), (follow, naive))
    for thread in (*others, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    log.written.set()
    for thread in others:
        thread.join()
    assert not log.errors
    while sequencing.sequence():
        pass
    while ordered.read():
        pass
    assert set(StoredEvent.objects.values_list("id", flat=True)) == log.committed
    assert ordered.numbers == list(range(1, len(log.committed) + 1)), "dense, in order, nothing skipped or doubled"
    assert set(ordered.seen) == log.committed
    assert len(ordered.seen) == len(log.committed)
    for stream, versions in _versions():
        assert versions == list(range(1, len(versions) + 1)), f"versions of {stream} in the order of the log"
        assert Stream.objects.get(pk=stream).version == len(versions)
    while naive.read():
        pass
    assert set(naive.seen) < log.committed, "the test would not have noticed a reader that skips"


def _versions() -> Iterator[tuple[str, list[int]]]:
    for number in range(STREAMS):
        stream = f"stream {number}"
        rows = StoredEvent.objects.filter(stream=stream).order_by("position")
        yield stream, list(rows.values_list("version", flat=True))


def test_writers_at_one_expected_version_have_one_winner():
    from opsconsole.engine import StreamConflict
    from tests.concurrency.races import at_once

    def append() -> bool:
        try:
            with transaction.atomic():
                emit(Ignored(), stream="one", expected=version)
        except StreamConflict:
            return False
        return True

    for version in range(10):  # noqa: B007 - read by append()
        assert sum(at_once(*[append] * 6)) == 1
    sequencing.sequence()
    assert list(StoredEvent.objects.order_by("position").values_list("version", flat=True)) == list(range(1, 11))
