"""Aggregates in the log: load one, let it decide."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import TypeVar

from django.db import connection, models, transaction

from opsconsole.engine import Event, StreamConflict
from opsconsole.streams import snapshots, store
from opsconsole.streams.aggregates import Aggregate, Key, Loaded
from opsconsole.streams.recorded import Recorded

A = TypeVar("A", bound=Aggregate)
Decision = Callable[[A], Iterable[Event] | Event | None]


class MissingEvents(Exception):
    """A stream whose events do not follow one another: some were deleted, or dropped with their partition."""


def load(
    aggregate: type[A],
    key: Key,
    *,
    version: int | None = None,
    as_of_position: int | None = None,
    as_of: datetime | None = None,
) -> Loaded[A]:
    """An aggregate as its events made it: today, at a version, at a position of the log, or at a time.

    One that nothing has happened to is in its first state, at version 0. Raises MissingEvents; UnknownName,
    NewerVersion and pydantic's ValidationError for an event that cannot be read; NotApplied.
    """
    loaded = _load(aggregate, key, version, as_of_position, as_of)
    if loaded.version == 0 and version is None and as_of_position is None and as_of is None and _exists(aggregate, key):
        loaded = _load(aggregate, key, None, None, None)  # its first events came in between, or
        if loaded.version == 0:
            raise MissingEvents(f"the events of stream {aggregate.stream(key)!r} are gone")
    return loaded


def _load(
    aggregate: type[A], key: Key, version: int | None, as_of_position: int | None, as_of: datetime | None
) -> Loaded[A]:
    if not aggregate.__aggregate__.has_own_stream:
        if version is not None:
            raise ValueError(f"{aggregate.__name__} is folded from several streams, which have no version in common")
        return _fold_together(
            aggregate, store.read_many(aggregate.streams(key), as_of_position=as_of_position, as_of=as_of)
        )
    stream = aggregate.stream(key)
    until = store.version_at(stream, until=version, as_of_position=as_of_position, as_of=as_of)
    start = snapshots.find(aggregate, stream, until) or Loaded(aggregate(), 0)
    return _fold(start, store.read(stream, after=start.version, until=until))


def decide(
    aggregate: type[A],
    key: Key,
    decision: Decision[A],
    *,
    tries: int = 5,
    tenant: str = "",
    source: models.Model | None = None,
) -> Loaded[A]:
    """Load an aggregate, let `decision` look at its state, and append the events that it returns; returns what the
    aggregate has become. To refuse, `decision` raises, and nothing is stored; to do nothing, it returns nothing.

    It joins the caller's transaction, or makes its own. When somebody else appended in between, it all begins anew,
    with the stream locked, so that the second look is the last; after `tries` looks StreamConflict is raised.
    `decision` is therefore called again with another state: it must do nothing but look and answer.
    Raises what load() and append() raise.
    """
    if not aggregate.__aggregate__.has_own_stream:
        raise TypeError(f"{aggregate.__name__} is folded from several streams: it has none of its own to append to")
    stream = aggregate.stream(key)
    look = 1
    while True:
        try:
            with _transaction():
                if look > 1:
                    store.lock(stream)
                loaded = _load(aggregate, key, None, None, None)
                events = listed(decision(loaded.state))
                return _append(stream, loaded, events, tenant, source) if events else loaded
        except StreamConflict:
            if look >= tries:
                raise
        look += 1


def take_snapshot(aggregate: type[A], key: Key) -> Loaded[A]:
    """Load an aggregate and keep its state, so that it is found quickly from now on: after an import, or a new
    version of the aggregate. decide() takes them by itself, every `snapshot_every` events."""
    loaded = load(aggregate, key)
    if loaded.version > loaded.snapshot_version:
        snapshots.save(aggregate.stream(key), loaded)
    return loaded


def listed(answer: Iterable[Event] | Event | None) -> list[Event]:
    """The events that a decision answers with, however it does; raises TypeError for anything else."""
    match answer:
        case None:
            return []
        case Event():
            return [answer]
    events = list(answer)
    if strangers := [one for one in events if not isinstance(one, Event)]:
        raise TypeError(f"a decision returns events, and this one returned {strangers[0]!r}")
    return events


def _exists(aggregate: type[A], key: Key) -> bool:
    return aggregate.__aggregate__.has_own_stream and store.version_of(aggregate.stream(key)) > 0


def _append(stream: str, loaded: Loaded[A], events: list[Event], tenant: str, source: models.Model | None) -> Loaded[A]:
    """Applied before they are stored: an event that cannot be would make the stream unreadable for ever."""
    state = loaded.state.apply_all(events)
    version = store.append(stream, *events, expected=loaded.version, tenant=tenant, source=source)
    decided = Loaded(state, version, loaded.snapshot_version)
    every = state.__aggregate__.snapshot_every
    if every is not None and version - loaded.snapshot_version >= every:
        snapshots.save(stream, decided)
    return decided


def _transaction() -> AbstractContextManager[object]:
    """The caller's, without a savepoint, for a conflict has stored nothing; or one of our own."""
    return nullcontext() if connection.in_atomic_block else transaction.atomic()


def _fold(start: Loaded[A], events: Iterator[Recorded]) -> Loaded[A]:
    state, version = start.state, start.version
    for recorded in events:
        if recorded.version != version + 1:
            raise MissingEvents(f"stream {recorded.stream!r} has version {recorded.version} behind version {version}")
        state, version = state.apply(recorded.event()), version + 1
    return Loaded(state, version, start.snapshot_version)


def _fold_together(aggregate: type[A], events: Iterator[Recorded]) -> Loaded[A]:
    state, count = aggregate(), 0
    for recorded in events:
        count += 1
        if recorded.type in aggregate.__aggregate__.appliers:
            state = state.apply(recorded.event())
    return Loaded(state, count)
