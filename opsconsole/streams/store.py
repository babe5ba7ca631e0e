"""The one log, seen as streams: append at an expected version, read in pages."""

import heapq
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from operator import itemgetter
from typing import Any

from django.db import connection, models

from opsconsole.engine import Event, NotInTransaction, StreamConflict, sequencing
from opsconsole.engine.outbox import Outbox
from opsconsole.kernel import tracing
from opsconsole.kernel.encoding import storable
from opsconsole.streams.recorded import Recorded
from opsconsole.streams.sql import statement

ANY, NEW = None, 0  # expected versions; any other whole number is the version that the stream must have
LAST = 2**31 - 1  # no stream has a later version
NAME_LENGTH = 200  # characters
PAGE = 500  # events a page, at most
FEWEST = 20  # events a page, when many streams are read together
WINDOW = 2_000  # positions of the log looked at together
BYTES = 16_000_000  # of payloads in a page, as they are stored; a single larger one makes a page of its own

Row = tuple[Any, ...]


class BadStreamName(ValueError):
    """A name that no stream can have."""


def append(
    stream: str,
    *events: Event,
    expected: int | None = ANY,
    tenant: str = "",
    source: models.Model | None = None,
) -> int:
    """Add events to the end of a stream, in the caller's transaction; returns the version it then has.

    `expected` is the version that the stream must have (NEW: none yet; ANY: whatever it is), else StreamConflict.
    Nothing is stored when it raises, and the transaction can go on. A transaction that appends to several streams
    should take them in the order of their names, lest two of them wait for each other.
    Raises NotInTransaction, BadStreamName, UnstorablePayload.
    """
    if not category_of(_named(stream)):
        raise BadStreamName(f"{stream!r} is no name to append to: it needs a category, as in 'bank.account-7'")
    if not connection.in_atomic_block:
        raise NotInTransaction(
            f"append({stream!r}) needs transaction.atomic(), so that the events and what they report are committed "
            "together"
        )
    if not events:
        return _unchanged(stream, expected)
    outbox = Outbox(tracing.current())
    appended = outbox.plan_append(events, source=source, tenant=tenant, stream=stream, expected=expected)
    outbox.write()
    return appended[-1].version or 0


def read(
    stream: str,
    *,
    after: int = 0,
    until: int | None = None,
    as_of_position: int | None = None,
    as_of: datetime | None = None,
) -> Iterator[Recorded]:
    """The events of a stream by version: those behind version `after`, up to and including `until`; up to what the
    log held at a position, or at a time. They are fetched in pages, as they are asked for."""
    until = version_at(stream, until=until, as_of_position=as_of_position, as_of=as_of)
    return (Recorded(*row[:-1]) for row in _rows(_named(stream), after, until, PAGE))


def read_backward(stream: str, *, before: int | None = None) -> Iterator[Recorded]:
    """The events of a stream, latest first: those before version `before`, if it is given."""
    return _read_backward(_named(stream), LAST if before is None else before)


def read_many(
    streams: Iterable[str], *, as_of_position: int | None = None, as_of: datetime | None = None
) -> Iterator[Recorded]:
    """The events of several streams together, in the order in which they came into the log.

    What is committed when the reading begins belongs to it, of every stream: never an event without those of the
    other streams that led to it.
    """
    ends = versions_of(streams)
    if as_of_position is not None or as_of is not None:
        ends = {
            stream: version_at(stream, until=end, as_of_position=as_of_position, as_of=as_of)
            for stream, end in ends.items()
        }
    page = max(FEWEST, PAGE // max(1, len(ends)))
    merged = heapq.merge(*(_rows(stream, 0, end, page) for stream, end in ends.items()), key=itemgetter(-1))
    return (Recorded(*row[:-1]) for row in merged)


def read_log(
    after: int = 0, *, category: str | None = None, types: Collection[str] | None = None
) -> Iterator[Recorded]:
    """The log by position, behind position `after` and up to its present head: all of it, or only the streams of a
    category, or only events of some types (their stored names)."""
    narrowed = {
        "prefix": None if category is None else f"{_named(category)}-",
        "types": None if types is None else list(types),
    }
    return _read_log(after, head(), narrowed)


def version_of(stream: str) -> int:
    """The version of a stream's last event; 0 when there is none."""
    return versions_of([stream]).get(stream, 0)


def version_at(
    stream: str, *, until: int | None = None, as_of_position: int | None = None, as_of: datetime | None = None
) -> int:
    """The version that a stream had at a position of the log, and at a time; never more than `until`."""
    stream, limit = _named(stream), LAST if until is None else until
    if as_of_position is None and as_of is None:
        return limit
    if as_of is not None and as_of.tzinfo is None:
        raise ValueError(f"as_of needs a time zone: {as_of} may mean any of several moments")
    with connection.cursor() as cursor:
        cursor.execute(statement("version_at"), {"stream": stream, "position": as_of_position, "moment": as_of})
        row = cursor.fetchone()
    return min(limit, row[0]) if row else 0


def lock(stream: str) -> None:
    """Keep others from appending to a stream that exists, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM ops_engine_stream WHERE id = %s FOR NO KEY UPDATE", [stream])


def head() -> int:
    """The newest position that the log has given out; 0 for an empty log."""
    return sequencing.last_position()


def category_of(stream: str) -> str:
    """The part of a stream's name before the first "-": "bank.account" of "bank.account-7"; empty without one."""
    category, dash, key = stream.partition("-")
    return category if dash and key else ""


def _named(stream: str) -> str:
    """`stream` itself when the database can have a stream of that name."""
    if not 0 < len(stream) <= NAME_LENGTH:
        raise BadStreamName(
            f"a stream's name has 1 to {NAME_LENGTH} characters, and {stream[:60]!r}… has {len(stream)}"
        )
    if storable(stream) != stream:
        raise BadStreamName(f"the database cannot hold the stream name {stream!r}")
    return stream


def _unchanged(stream: str, expected: int | None) -> int:
    version = version_of(stream)
    if expected is not None and version != expected:
        raise StreamConflict(stream, expected, version)
    return version


def versions_of(streams: Iterable[str]) -> dict[str, int]:
    """The versions of the streams that exist, as they were at one moment."""
    names = [_named(stream) for stream in dict.fromkeys(streams)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, version FROM ops_engine_stream WHERE id = ANY(%s::text[])", [names])
        return dict(cursor.fetchall())


def _rows(stream: str, after: int, until: int, page: int) -> Iterator[Row]:
    """Columns of Recorded and the order of the log, page by page."""
    while after < until:
        parameters = {"stream": stream, "after": after, "until": until, "page": page, "bytes": BYTES}
        rows = _fetch("read_stream", parameters)
        yield from (row[:-1] for row in rows)
        if not rows or len(rows) == rows[0][-1] < page:
            return
        after = rows[-1][3]


def _read_backward(stream: str, before: int) -> Iterator[Recorded]:
    while before > 1:
        parameters = {"stream": stream, "before": before, "page": PAGE, "bytes": BYTES}
        rows = _fetch("read_stream_backward", parameters)
        yield from (Recorded(*row) for row in rows)
        if not rows:
            return
        before = rows[-1][3]


def _read_log(after: int, end: int, narrowed: dict[str, Any]) -> Iterator[Recorded]:
    while after < end:
        until = min(after + WINDOW, end)
        rows = _fetch("read_log", {"after": after, "until": until, "bytes": BYTES, **narrowed})
        yield from (Recorded(*row[:-1]) for row in rows)
        is_whole = not rows or len(rows) == rows[0][-1]
        after = until if is_whole else rows[-1][1]


def _fetch(name: str, parameters: dict[str, Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(statement(name), parameters)
        rows: list[Row] = cursor.fetchall()
    return rows
