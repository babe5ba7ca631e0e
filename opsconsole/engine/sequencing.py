"""Dense positions for the log, given after commit.

A row that commits late gets a later position, so a reader that follows positions can never skip it, and a long
transaction stalls nobody. Within a pass the order is that of `seq`; two versions of a stream can never be
seen out of order, because the second drew its number after the first had committed.

Events that nobody reacts to are done then: they never go to a worker.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection, transaction

from opsconsole.engine.registry import is_unheard
from opsconsole.engine.sql import statement
from opsconsole.kernel import clock
from opsconsole.kernel.arrays import array

PASS = 5_000  # events a pass


class Gap(Exception):
    """Some events of a pass were not given their positions; none was, and the next pass tries again."""


@dataclass(frozen=True, slots=True)
class Sequenced:
    """Events of these types were given the positions behind `after`, up to and including `upto`."""

    types: frozenset[str]
    after: int
    upto: int


def begin(**kwargs: object) -> None:
    """Make sure of the sequencer's row: flushing the tables, as tests do, takes it along."""
    if "ops_engine_sequencer" not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ops_engine_sequencer (id, position)"
            " SELECT 1, coalesce(max(position), 0) FROM ops_engine_event ON CONFLICT DO NOTHING"
        )


def sequence(limit: int = PASS, told: Callable[[Sequenced], object] | None = None) -> int:
    """Give the committed events without a position the next ones; returns how many got one.

    `told` is called, once that is committed, with which ones did.

    The sequencer's row is locked in a statement before the one that looks for events, whose snapshot
    therefore sees everything that an earlier pass has done.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT position FROM ops_engine_sequencer WHERE id = 1 FOR UPDATE")
        (position,) = cursor.fetchone()
        cursor.execute(
            "SELECT id, type, schema_version FROM ops_engine_event WHERE position IS NULL ORDER BY seq LIMIT %s",
            [limit],
        )
        rows = cursor.fetchall()
        if not rows:
            return 0
        waiting = [identifier for identifier, _, _ in rows]
        parameters = {
            "ids": array(waiting),
            "unheard": array([is_unheard(event_type, schema_version) for _, event_type, schema_version in rows]),
            "last": position,
            "first_id": min(waiting),
            "last_id": max(waiting),
            "now": clock.frozen(),
        }
        cursor.execute(statement("lock_events"), parameters)
        cursor.execute(statement("give_positions"), parameters)
        count, types = cursor.fetchone()
        if count != len(waiting):
            raise Gap(f"{count} of {len(waiting)} events were given positions")
        cursor.execute("UPDATE ops_engine_sequencer SET position = position + %s WHERE id = 1", [len(waiting)])
    if told is not None:
        told(Sequenced(frozenset(types), position, position + len(waiting)))
    return len(waiting)


def catch_up(told: Callable[[Sequenced], object] | None = None) -> None:
    """Give every committed event its position, pass by pass."""
    while sequence(told=told) == PASS:
        pass


def last_position() -> int:
    """The newest position given out; 0 for an empty log."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT position FROM ops_engine_sequencer WHERE id = 1")
        return int(cursor.fetchone()[0])
