"""What the dispatcher does for subscriptions: it knows them all, and tells workers when one is behind."""

import random

from django.db import connection

from opsconsole.engine.hints import hints
from opsconsole.engine.sequencing import Sequenced
from opsconsole.kernel import clock
from opsconsole.streams import moves
from opsconsole.streams.channel import CHANNEL
from opsconsole.streams.followers import FOLLOWERS, known
from opsconsole.streams.sql import statement


def begin() -> None:
    """Make sure of a row for every subscription that the code declares."""
    followers = [follower for _, follower in FOLLOWERS]
    delays = [
        follower.start_delay + random.uniform(0.0, follower.jitter)  # noqa: S311 - spreads load
        for follower in followers
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            statement("begin_subscriptions"),
            {
                "name": [follower.name for follower in followers],
                "contract": [follower.contract for follower in followers],
                "kind": [follower.kind for follower in followers],
                "from_the_end": [follower.start == "end" for follower in followers],
                "delay": delays,
                "now": clock.frozen(),
            },
        )


def after_migrations(**kwargs: object) -> None:
    """Make the tables say what the code says: its subscriptions with what they follow, and the moves of its processes.

    From then on code of another release leaves the subscriptions alone that it knows otherwise.
    """
    tables = connection.introspection.table_names()
    if "ops_streams_move" in tables and "ops_engine_sequencer" in tables:
        begin()
        with connection.cursor() as cursor:
            cursor.execute(statement("declare_contracts"), known())
        moves.keep()


def tell(sequenced: Sequenced) -> None:
    """Events were just given positions: those whom they do not concern pass over them, for the others a worker is
    woken."""
    unconcerned = [follower for _, follower in FOLLOWERS if not sequenced.types & follower.types]
    bounds = {"after": sequenced.after, "upto": sequenced.upto}
    with connection.cursor() as cursor:
        cursor.execute(statement("pass_over"), {**known(unconcerned), **bounds})
    if len(unconcerned) < len(FOLLOWERS):
        hints.send(CHANNEL)


def poll() -> None:
    """Find subscriptions that are behind, and deadlines that have passed, without being told."""
    with connection.cursor() as cursor:
        cursor.execute(statement("anything_to_follow"), {**known(), "now": clock.frozen()})
        if cursor.fetchone()[0]:
            hints.send(CHANNEL)
