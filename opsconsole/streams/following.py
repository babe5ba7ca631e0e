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
from opsconsole.streams import deadlines, isolating, pages, rebuilding
from opsconsole.streams.channel import CHANNEL
from opsconsole.streams.followers import known
from opsconsole.streams.models import Subscription
from opsconsole.streams.sql import statement
from opsconsole.streams.turns import lock

CONFLICT_RETRIES = 3
SILENCE = 1.0  # seconds between two pages after which whoever served a subscription counts as lost


def follow() -> None:
    """Serve subscriptions and let deadlines pass, until none is behind or others want their turn."""
    heart.start()
    heart.busy_with = CHANNEL
    until = time.monotonic() + configuration().drain_seconds
    try:
        _serve(until)
        deadlines.pass_due(until)
        if time.monotonic() > until:
            hints.send(CHANNEL)
    except Exception as error:
        draining.let_go(error)
    finally:
        heart.busy_with = ""


def follow_to_the_end() -> int:
    """Do everything there is to do in this process, as test kits do; returns how much it was."""
    done = 0
    while (name := take()) is not None:
        done += 1
        while apply_page(name):
            done += 1
    return done + deadlines.pass_due()


def _serve(until: float) -> None:
    while (name := take()) is not None:
        applied = 0
        while apply_page(name):
            applied += 1
            if time.monotonic() > until:
                leave(name)
                return
            if applied == 2:
                hints.send(CHANNEL)  # this one will take a while: let somebody else look after the others
        if time.monotonic() > until:
            return


def take() -> str | None:
    """The subscription whose turn it is, or None when none is behind that nobody serves."""
    with connection.cursor() as cursor:
        cursor.execute(
            statement("take_subscription"),
            {**known(), "worker": heart.name, "silence": SILENCE, "now": clock.frozen()},
        )
        row = cursor.fetchone()
    return row[0] if row else None


def leave(name: str) -> None:
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
            leave(name)
            return False
        if turn.is_hopeless:
            raise isolating.WorkersLost(turn.tries - 1)
        may_exchange = turn.may_exchange
        pages.apply(turn, turn.upto)
        if may_exchange and turn.is_at_the_end:
            rebuilding.exchange(turn)
        return not turn.has_nothing_to_do
