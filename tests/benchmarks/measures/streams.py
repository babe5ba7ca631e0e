"""Streams beside the library eventsourcing: appending, loading, following, on the same server."""

import random
import time
from collections.abc import Callable, Iterator
from functools import partial
from uuid import UUID, uuid4

from django.db import connection, transaction

from opsconsole.streams import append, load, take_snapshot
from tests.benchmarks import ground, processes, writing
from tests.benchmarks.accounts import Account, Deposited, KeptAccount
from tests.benchmarks.findings import Finding, ratio
from tests.benchmarks.load import TEXT
from tests.benchmarks.measures import following
from tests.benchmarks.options import Size
from tests.benchmarks.progress import alternate, by_side
from tests.benchmarks.rivals import eventsourcing
from tests.benchmarks.writer import THREADS

PROCESSES = 4
TOGETHER = 100  # events appended at once
ACCOUNTS = 200
LENGTH = 100  # events of an account
SINCE = 50  # events since the snapshot
RIVAL = "eventsourcing, PostgreSQL recorder"

Side = Callable[[], float]


def measure(size: Size) -> Iterator[Finding]:
    yield from appending(size)
    yield from loading(size)
    yield from followed(size)


def appending(size: Size) -> Iterator[Finding]:
    """A dispatcher gives our events their positions meanwhile; theirs have them when they are stored."""
    cases: dict[str, tuple[Side, Side]] = {
        "one event a transaction, one connection": (
            partial(alone, writing.appends, 1, size.writing_seconds),
            partial(alone, writing.rival_appends, 1, size.writing_seconds),
        ),
        f"{TOGETHER} events a transaction, one connection": (
            partial(alone, writing.appends, TOGETHER, size.writing_seconds),
            partial(alone, writing.rival_appends, TOGETHER, size.writing_seconds),
        ),
        f"one event a transaction, {PROCESSES * THREADS} connections in {PROCESSES} processes": (
            partial(together, "appends", size.writing_seconds),
            partial(together, "rival_appends", size.writing_seconds),
        ),
    }
    for how, sides in cases.items():
        yield compared(size, "events appended at an expected version", how, *sides)


def loading(size: Size) -> Iterator[Finding]:
    clear()
    ours, theirs = _fill(ACCOUNTS, LENGTH, Account), eventsourcing.fill(ACCOUNTS, LENGTH)
    with eventsourcing.Bank(eventsourcing.environment()) as bank:
        yield compared(
            size,
            "aggregates loaded",
            f"{LENGTH} events each, without snapshots",
            partial(each, ours, partial(load, Account), size),
            partial(each, theirs, bank.repository.get, size),
        )
    (ours, theirs), length = _fill_kept(size), f"{size.long_stream:,}"
    with eventsourcing.KeptBank(eventsourcing.environment()) as bank:
        yield compared(
            size,
            "aggregates loaded",
            f"{length} events, {SINCE} of them since the last snapshot",
            partial(each, ours, partial(load, KeptAccount), size),
            partial(each, theirs, bank.repository.get, size),
        )


def followed(size: Size) -> Iterator[Finding]:
    yield compared(
        size,
        "a projection catching up",
        f"{size.rival_followed:,} events into {following.ACCOUNTS:,} rows, position kept with the rows: "
        "ours a page at a time, theirs an event at a time",
        partial(catching_up, size.rival_followed),
        partial(rival_catching_up, size.rival_followed),
    )


def compared(size: Size, name: str, how: str, ours: Side, theirs: Side) -> Finding:
    rates = by_side(alternate(size.rounds, {"opsconsole": ours, "eventsourcing": theirs}))
    return ratio(name, rates["opsconsole"], rates["eventsourcing"], compared=f"{RIVAL}; {how}")


def alone(prepare: Callable[[int], writing.Write], events: int, seconds: float) -> float:
    """Events a second over one connection."""
    clear()
    with processes.dispatcher():
        write = prepare(events)
        count, began = 0, time.monotonic()
        while time.monotonic() < began + seconds:
            write()
            count += events
        return round(count / (time.monotonic() - began), 1)


def together(writes: str, seconds: float) -> float:
    """Events a second over many connections, each with a stream of its own."""
    clear()
    with (
        processes.dispatcher(),
        processes.programs("writer", PROCESSES, seconds, BENCH_WRITES=writes) as programs,
    ):
        return round(processes.run_together(programs) / seconds, 1)


def each(keys: list[UUID], load_one: Callable[[UUID], object], size: Size) -> float:
    """Loads a second, in no order, in one thread."""
    chosen = random.choices(keys, k=size.loads)  # noqa: S311 - which one does not matter
    load_one(chosen[0])
    began = time.perf_counter()
    for key in chosen:
        load_one(key)
    return round(len(chosen) / (time.perf_counter() - began), 1)


def catching_up(count: int) -> float:
    following.clear()
    following.fill(count)
    return following.catching_up(count)


def rival_catching_up(count: int) -> float:
    clear()
    eventsourcing.fill(following.ACCOUNTS, count // following.ACCOUNTS)
    began = time.perf_counter()
    eventsourcing.project(count)
    return round(count / (time.perf_counter() - began), 1)


def clear() -> None:
    ground.clear()
    eventsourcing.clear()


def _fill(accounts: int, events: int, aggregate: type[Account] | type[KeptAccount]) -> list[UUID]:
    keys = [uuid4() for _ in range(accounts)]
    for key in keys:
        with transaction.atomic():
            append(aggregate.stream(key), *(Deposited(amount=1, text=TEXT) for _ in range(events)))
    _analyze()
    return keys


def _fill_kept(size: Size) -> tuple[list[UUID], list[UUID]]:
    clear()
    (ours,) = _fill(1, size.long_stream - SINCE, KeptAccount)
    take_snapshot(KeptAccount, ours)
    with transaction.atomic():
        append(KeptAccount.stream(ours), *(Deposited(amount=1, text=TEXT) for _ in range(SINCE)))
    (theirs,) = eventsourcing.fill(1, size.long_stream - SINCE, kind=eventsourcing.KeptBank)
    with eventsourcing.KeptBank(eventsourcing.environment()) as bank:
        bank.take_snapshot(theirs)
        account: eventsourcing.Account = bank.repository.get(theirs)
        for _ in range(SINCE):
            account.deposit(amount=1, text=TEXT)
        bank.save(account)
    _analyze()
    return [ours], [theirs]


def _analyze() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
