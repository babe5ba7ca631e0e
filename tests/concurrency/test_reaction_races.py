"""Reactions that meet other transactions: nobody waits crosswise, and no event is blamed for a meeting."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from opsconsole.embedded.waiting import wait_until
from opsconsole.engine.models import Attempt
from opsconsole.engine.models import Command as StoredCommand
from tests.factories import Refused, event, happen, react
from tests.handlers_app.messages import Act, Happened
from tests.handlers_app.scripts import let_react

PATIENCE = 20.0  # seconds


@contextmanager
def reacting_beside(begin: Callable[[Any], None]) -> Iterator[Any]:
    """Events are reacted to while another transaction has begun; it goes on in the block once they wait for it.

    A deadlock is found by the reacting side.
    """
    errors: list[BaseException] = []

    def run() -> None:
        try:
            react()
        except BaseException as error:  # raised again below
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN; SET LOCAL deadlock_timeout = '1min'")
            begin(cursor)
            thread.start()
            assert wait_until(_somebody_waits, PATIENCE)
            yield cursor
            cursor.execute("COMMIT")
    finally:
        other.close()
        thread.join(PATIENCE)
    assert not thread.is_alive()
    if errors:
        raise errors[0]


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return bool(cursor.fetchone()[0])


def take(cursor: Any, key: str) -> None:
    """As somebody does who sends a command under this key."""
    cursor.execute(
        "INSERT INTO ops_engine_uniquekey (key, command_id) VALUES (%s, gen_random_uuid())", [f"tests.act:{key}"]
    )


def test_keys_that_reactions_ask_for_are_taken_in_one_order_whatever_the_order_of_the_events():
    let_react(Happened, lambda message, work: work.send(Act(), unique=message.text))
    identifiers = [happen(Happened(text=key)) for key in ("b", "a")]
    with reacting_beside(lambda cursor: take(cursor, "a")) as cursor:
        cursor.execute("SET LOCAL lock_timeout = '0.5s'")  # before anybody looks for deadlocks
        take(cursor, "b")
    assert [event(one).status for one in identifiers] == ["success", "success"]
    assert not StoredCommand.objects.exists()


def test_an_event_whose_reactions_were_the_victim_of_a_deadlock_is_tried_again():
    def send_or_fail(message: Any, work: Any) -> None:
        if message.number == 1:
            raise Refused
        work.send(Act(), unique=message.text)

    let_react(Happened, send_or_fail)
    first, broken, last = happen(Happened(text="b")), happen(Happened(number=1)), happen(Happened(text="a"))
    with reacting_beside(lambda cursor: take(cursor, "a")) as cursor:
        take(cursor, "b")
    assert [event(one).status for one in (first, broken, last)] == ["success", "error", "success"]
    assert Attempt.objects.count() == 1
