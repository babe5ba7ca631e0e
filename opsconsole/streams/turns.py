"""A turn: the row of a subscription, locked by the transaction that applies its next events."""

import time
from dataclasses import dataclass, field

from django.db import connection

from opsconsole.engine.configuration import configuration
from opsconsole.streams import shadows
from opsconsole.streams.followers import FOLLOWERS, Follower
from opsconsole.streams.sql import statement


@dataclass(slots=True)
class Turn:
    """What a transaction found under the lock of a subscription; `head` is the end of the log then."""

    name: str
    follower: Follower
    position: int
    tries: int
    careful_until: int
    failures: int
    has_parked: bool
    shadow_of: str | None
    head: int
    began: float = field(default_factory=time.perf_counter)

    @property
    def has_nothing_to_do(self) -> bool:
        """It is at the end of the log; a rebuild has the exchange to do even then."""
        return self.is_at_the_end and self.shadow_of is None

    @property
    def is_at_the_end(self) -> bool:
        return self.position >= self.head

    @property
    def is_careful(self) -> bool:
        """Workers were lost with a page that began here: its events come one at a time, each alone to blame."""
        return self.tries > 1 or self.position < self.careful_until

    @property
    def may_exchange(self) -> bool:
        """Rebuilt tables are exchanged together with the last page; in careful mode after it, so that no event is to
        blame for it."""
        return self.shadow_of is not None and (self.is_at_the_end or not self.is_careful)

    @property
    def is_hopeless(self) -> bool:
        """The next event has cost as many workers as it may."""
        return self.tries > max(configuration().max_losses, 2) and self.is_careful

    @property
    def upto(self) -> int:
        """Where its page ends, at the latest."""
        return min(self.head, self.position + (1 if self.is_careful else self.follower.page))

    def advance(self, position: int, applied: int) -> None:
        """Keep how far it has come: to be committed with what the events brought about."""
        passed, seconds = position - self.position, time.perf_counter() - self.began
        careful_until = max(self.careful_until, self.position + self.follower.page if self.tries > 1 else 0)
        with connection.cursor() as cursor:
            cursor.execute(
                statement("advance_subscription"),
                {
                    "name": self.name,
                    "position": position,
                    "applied": applied,
                    "head": self.head,
                    "careful_until": careful_until,
                    "rate": passed / max(seconds, 1e-6),
                },
            )
        self.position = position


def lock(name: str, *, waits: bool = True) -> Turn | None:
    """Begin a turn in the current transaction; None when it is not running, when another release migrated last and
    knows it otherwise, or when it is locked and this one does not wait."""
    sql = statement("lock_subscription") + ("" if waits else " SKIP LOCKED")
    with connection.cursor() as cursor:
        cursor.execute(sql, {"name": name, "patience": f"{int(configuration().lease * 1000)}"})
        row = cursor.fetchone()
        if row is None:
            return None
        position, tries, careful_until, failures, has_parked, shadow_of, contract, head, _ = row
    follower = FOLLOWERS.get(shadow_of or name)
    if contract not in ("", follower.contract):
        return None
    if shadow_of is not None:
        shadows.enter(shadow_of)
    head = max(head, position)  # it was read before a wait for the lock
    return Turn(name, follower, position, tries, careful_until, failures, has_parked, shadow_of, head)
