"""What the dispatcher does for subscriptions: it knows them all, and tells workers when one is behind."""

import random

from django.db import connection

from opsconsole.engine.hints import hints
from opsconsole.kernel import clock
from opsconsole.streams.channel import CHANNEL
from opsconsole.streams.followers import FOLLOWERS, Follower
from opsconsole.streams.sql import statement


def begin(**kwargs: object) -> None:
    """Make sure of a row for every subscription that the code declares, after migrations and now and then."""
    if "ops_streams_subscription" not in connection.introspection.table_names():
        return
    with connection.cursor() as cursor:
        for _, follower in FOLLOWERS:
            cursor.execute(statement("begin_subscription"), _begun(follower))


def tell(types: frozenset[str]) -> None:
    """Events of these types were just given positions: wake a worker if anybody follows one of them."""
    if any(types & follower.types for _, follower in FOLLOWERS):
        hints.send(CHANNEL)


def poll() -> None:
    """Find subscriptions that are behind, and deadlines that have passed, without being told."""
    with connection.cursor() as cursor:
        known = [name for name, _ in FOLLOWERS]
        cursor.execute(statement("anything_to_follow"), {"known": known, "now": clock.frozen()})
        if cursor.fetchone()[0]:
            hints.send(CHANNEL)


def _begun(follower: Follower) -> dict[str, object]:
    return {
        "name": follower.name,
        "kind": follower.kind,
        "from_the_end": follower.start == "end",
        "delay": follower.start_delay + random.uniform(0.0, follower.jitter),  # noqa: S311 - spreads load
        "now": clock.frozen(),
    }
