"""How subscriptions stand: how far each is, what it stopped at, what it has set aside."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from opsconsole.engine.models import Event
from opsconsole.engine.queries.present import database_now
from opsconsole.streams import store
from opsconsole.streams.followers import FOLLOWERS, Follower
from opsconsole.streams.models import ParkedEvent, SkippedEvent, Subscription
from opsconsole.streams.sql import statement
from opsconsole.streams.states import PAUSED, STOPPED

MOST = 500  # subscriptions read
SKIPPED = 50
PARKED = 20  # streams on a page
COUNTED = 1_000  # events of one parked stream

RETRYING, DELAYED, BEHIND, LIVE, UNSEEN, ORPHANED = "retrying", "delayed", "behind", "live", "unseen", "orphaned"
RANK = (STOPPED, RETRYING, ORPHANED, BEHIND, PAUSED, DELAYED, UNSEEN, LIVE)  # what wants to be seen goes first


@dataclass(slots=True)
class Standing:
    """One subscription. No row: no dispatcher has seen it. No follower: no code answers to it. `next_at` is when the
    next event occurred, `rebuild` what builds its tables anew."""

    name: str
    row: Subscription | None
    follower: Follower | None
    head: int
    now: datetime
    next_at: datetime | None = None
    rebuild: "Standing | None" = None

    @property
    def status(self) -> str:
        """One of RANK."""
        if self.row is None:
            return UNSEEN
        if self.row.status in (STOPPED, PAUSED):
            return self.row.status
        if self.follower is None:
            return ORPHANED
        if self.row.not_before is not None and self.row.not_before > self.now:
            return RETRYING if self.row.failures else DELAYED
        return BEHIND if self.behind else LIVE

    @property
    def failed_at_an_event(self) -> bool:
        """Rather than at the exchange of rebuilt tables."""
        row = self.row
        return row is not None and row.failed_position is not None and row.failed_position > row.position

    @property
    def lag(self) -> timedelta | None:
        """The age of the next event; None at the end of the log."""
        return max(self.now - self.next_at, timedelta(0)) if self.next_at else None

    @property
    def kind(self) -> str:
        return self.row.kind if self.row else self.follower.kind if self.follower else ""

    @property
    def behind(self) -> int:
        """Positions of the log that it has not dealt with."""
        return max(0, self.head - self.row.position) if self.row else 0

    @property
    def share(self) -> float:
        """How much of the log it has dealt with, in percent."""
        return 100 * self.row.position / self.head if self.row and self.head else 100.0

    @property
    def left(self) -> timedelta | None:
        """How long it will take to come to the present end, at its rate so far."""
        if self.row is None or self.row.rate <= 0:
            return None
        return timedelta(seconds=min(self.behind / self.row.rate, 10.0**9))


@dataclass(frozen=True, slots=True)
class ParkedStream:
    """A stream set aside: how many of its events wait (`is_more`: at least so many), and what the first failed with."""

    stream: str
    first: ParkedEvent
    count: int
    is_more: bool

    @property
    def is_stream(self) -> bool:
        """Not an event that has none, which is set aside alone."""
        return self.stream != str(self.first.event_id)


def all_subscriptions() -> list[Standing]:
    """Every subscription that is declared or ever was: those that want to be seen first, then by name."""
    rows = list(Subscription.objects.defer("traceback").order_by("name")[:MOST])
    standings = _standings(rows, {name for name, _ in FOLLOWERS})
    return sorted(standings, key=lambda one: (RANK.index(one.status), one.name))


def one_subscription(name: str) -> Standing | None:
    rows = [*Subscription.objects.filter(name=name), *Subscription.objects.filter(shadow_of=name)]
    found = _standings(rows, {name} if name in FOLLOWERS else set())
    return found[0] if found else None


def stopped_subscriptions() -> list[Subscription]:
    """Those that an error has stopped, the latest first."""
    return list(Subscription.objects.filter(status=STOPPED).defer("traceback").order_by("-failed_at")[:MOST])


def skipped_by(name: str) -> list[SkippedEvent]:
    """The latest events that operators had it pass over."""
    return list(SkippedEvent.objects.filter(subscription=name).order_by("-position")[: SKIPPED + 1])


def parked_streams(name: str, after: str = "") -> tuple[list[ParkedStream], str | None]:
    """A page of the streams that it has set aside, by name, and where the next page goes on."""
    with connection.cursor() as cursor:
        cursor.execute(
            statement("parked_streams"), {"name": name, "after": after, "most": PARKED + 1, "counted": COUNTED + 1}
        )
        rows = cursor.fetchall()
    events = {event.pk: event for event in ParkedEvent.objects.filter(pk__in=[row[1] for row in rows])}
    page = [
        ParkedStream(stream, events[first], min(count, COUNTED), count > COUNTED)
        for stream, first, count in rows[:PARKED]
        if first in events  # else it was applied in between
    ]
    return page, rows[PARKED - 1][0] if len(rows) > PARKED else None


def types_of(ids: Iterable[UUID]) -> dict[UUID, str]:
    """The types of events."""
    return dict(Event.objects.filter(id__in=list(ids)).values_list("id", "type"))


def _standings(rows: list[Subscription], declared: set[str]) -> list[Standing]:
    head, now, moments = store.head(), database_now(), _moments_behind(row.position for row in rows)
    found: dict[str, Standing] = {}
    for row in rows:
        follower = FOLLOWERS.find(row.shadow_of or row.name)
        found[row.name] = Standing(row.name, row, follower, head, now, moments.get(row.position))
    for shadow in [one for one in found.values() if one.row and one.row.shadow_of]:
        if shadow.row and shadow.row.shadow_of in found:
            found[shadow.row.shadow_of].rebuild = found.pop(shadow.name)
    for name in declared - found.keys():
        found[name] = Standing(name, None, FOLLOWERS.find(name), head, now)
    return list(found.values())


def _moments_behind(positions: Iterable[int]) -> dict[int, datetime]:
    """When the event behind each of these positions occurred; missing at the end of the log."""
    with connection.cursor() as cursor:
        cursor.execute(statement("moments_behind"), {"positions": list(set(positions))})
        return dict(cursor.fetchall())
