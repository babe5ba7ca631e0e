"""The next events for a subscription: a window of the log, without gaps, in bounded memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from opsconsole.streams.recorded import Recorded
from opsconsole.streams.sql import statement

BYTES = 16_000_000  # of payloads held in memory at once, compressed as they are stored


class Gap(Exception):
    """A position of the log that no event holds: whoever went on would miss what stood there."""

    def __init__(self, position: int) -> None:
        super().__init__(f"the log has no event at position {position}: it was deleted, or dropped with its partition")
        self.position = position


@dataclass(frozen=True, slots=True)
class Window:
    """Events up to and including the position `last`; between them there may be others, of types not asked for."""

    events: Sequence[Recorded]
    last: int


def read_window(after: int, upto: int, types: frozenset[str]) -> Window:
    """The events of these types behind `after`, no further than `upto`; raises Gap.

    Everything up to `upto` must be committed: it is at most the position of the sequencer.
    """
    bounds = {"after": after, "upto": upto}
    with connection.cursor() as cursor:
        cursor.execute(statement("read_window"), {**bounds, "types": list(types), "bytes": BYTES})
        rows = cursor.fetchall()
        *_, matching, held = rows[0]
        if held != upto - after:
            cursor.execute(statement("first_gap"), bounds)
            raise Gap(cursor.fetchone()[0])
    if matching is None:
        return Window((), upto)
    events = [Recorded(*row[:-2]) for row in rows]
    return Window(events, upto if matching == len(events) else rows[-1][1])


def read_positions(positions: Sequence[int]) -> Sequence[Recorded]:
    """The events at these positions, in their order; raises Gap."""
    with connection.cursor() as cursor:
        cursor.execute(statement("read_positions"), {"positions": list(positions)})
        found = [Recorded(*row) for row in cursor.fetchall()]
    if len(found) < len(positions):
        raise Gap(min(set(positions) - {recorded.position for recorded in found}))
    return found


def event_at(position: int) -> tuple[UUID, str] | None:
    """The identifier and type of the event at a position."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, type FROM ops_engine_event WHERE position = %s", [position])
        row: tuple[UUID, str] | None = cursor.fetchone()
    return row
