"""Following the log: take up a subscription that is behind, and apply page after page, each in one transaction with
the position, until it is at the end."""

import time

from django.db import OperationalError, connection, transaction

from opsconsole.engine import draining
from opsconsole.engine.configuration import configuration
from opsconsole.engine.faults import OWN_FAILURES, is_conflict, is_connection_lost, noticing_a_lost_connection
from opsconsole.engine.heartbeat import heart
from opsconsole.engine.hints import hints
from opsconsole.kernel import clock
from opsconsole.streams import deadlines, isolating, parking, rebuilding
from opsconsole.streams.channel import CHANNEL
from opsconsole.streams.followers import FOLLOWERS
from opsconsole.streams.models import Subscription
from opsconsole.streams.sql import statement
from opsconsole.streams.turns import lock
from opsconsole.streams.windows import read_window

CONFLICT_RETRIES = 3
SILENCE = 1.0  # seconds between two pages after which whoever served a subscription counts as lost


def follow() -> None:
    """Let deadlines pass and serve subscriptions, until none is behind or others want their turn."""
    heart.start()
    heart.busy_with = CHANNEL
    try:
        deadlines.pass_due()
        _serve(time.monotonic() + configuration().drain_seconds)
    except Exception as error:
        draining.let_go(error)
    finally:
        heart.busy_with = ""


def follow_to_the_end() -> int:
    """Do everything there is to do in this process, as test kits do; returns how much it was."""
    done = deadlines.pass_due()
    while (name := take()) is not None:
        done += 1
        while apply_page(name):
            done += 1
    return done


def _serve(until: float) -> None:
    while (name := take()) is not None:
        pages = 0
        while apply_page(name):
            pages += 1
            if time.monotonic() > until:
                let_go(name)
                hints.send(CHANNEL)
                return
            if pages == 2:
                hints.send(CHANNEL)  # this one will take a while: let somebody else look after the others


def take() -> str | None:
    """The subscription whose turn it is, or None when none is behind that nobody serves."""
    known = [name for name, _ in FOLLOWERS]
    with connection.cursor() as cursor:
        cursor.execute(
            statement("take_subscription"),
            {"known": known, "worker": heart.name, "silence": SILENCE, "now": clock.frozen()},
        )
        row = cursor.fetchone()
    return row[0] if row else None


def let_go(name: str) -> None:
    """Leave a subscription to others before it is at its end."""
    Subscription.objects.filter(name=name).update(tries=0)


def apply_page(name: str) -> bool:
    """Apply the next page of a subscription; returns whether there is another one, as far as it knows."""
    for _ in range(CONFLICT_RETRIES):
        try:
            with noticing_a_lost_connection():
                return _apply_together(name)
        except OWN_FAILURES as error:
            if is_connection_lost(error):
                raise
            if not (isinstance(error, OperationalError) and is_conflict(error)):
                break
    return isolating.apply_one_by_one(name)


def _apply_together(name: str) -> bool:
    with transaction.atomic(durable=True):
        turn = lock(name)
        if turn is None:
            return False
        if turn.has_nothing_to_do:
            let_go(name)
            return False
        if turn.is_hopeless:
            raise isolating.WorkersLost(turn.tries - 1)
        window = read_window(turn.position, turn.upto, turn.follower.types)
        events = parking.set_aside(turn, window.events) if turn.has_parked else window.events
        turn.follower.apply(events)
        turn.advance(window.last, len(events))
        if turn.shadow_of is not None:
            rebuilding.exchange_if_caught_up(turn)
        return not turn.has_nothing_to_do
