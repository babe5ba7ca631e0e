"""When everything of a flow waited and ran: one lane an item, one bar a stretch of its life."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opsconsole.engine.models import Attempt
from opsconsole.engine.queries.flows import Flow, Key, read_flow
from opsconsole.engine.queries.items import Item
from opsconsole.engine.queries.present import database_now
from opsconsole.engine.states import AWAITING, CANCELLED, ERROR, PROCESSING, SUCCESS

LANES = 60
ATTEMPTS = 20  # of one item; the last ones are drawn


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of time. `phase` is "held" (awaiting, or not yet due), "queued", "running" or "waiting" (for a
    retry); `attempt` numbers the try that it belongs to, and `outcome` says how a running one ended."""

    phase: str
    start: datetime
    end: datetime
    attempt: int = 1
    outcome: str = ""
    note: str = ""

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


@dataclass(frozen=True, slots=True)
class Lane:
    """An item and its bars, in order. A batch is one lane, from its first start to its end."""

    item: Item
    bars: tuple[Bar, ...]
    is_focus: bool = False


@dataclass(frozen=True, slots=True)
class Timeline:
    """`hidden` counts lanes left out; `is_cut` says that the flow has rows that were not even read."""

    correlation_id: UUID
    lanes: tuple[Lane, ...]
    now: datetime
    hidden: int = 0
    is_cut: bool = False


def timeline(correlation_id: UUID, focus: Key | None = None) -> Timeline:
    """The timeline of the flow, at most LANES lanes, the focus always among them."""
    return timeline_of(read_flow(correlation_id, focus))


def timeline_of(flow: Flow) -> Timeline:
    now = database_now()
    items = sorted(
        (item for item in flow.items.values() if item.kind != "workflow"),
        key=lambda item: (item.created_at, item.id),
    )
    shown = _around_focus(items, flow.focus)
    attempts = _attempts(item.id for item in shown if item.attempts or item.kind == "command")
    lanes = tuple(
        Lane(item, tuple(bars(item, attempts[item.id], now)), (item.kind, item.id) == flow.focus) for item in shown
    )
    return Timeline(flow.correlation_id, lanes, now, len(items) - len(shown), flow.is_cut)


def _around_focus(items: list[Item], focus: Key | None) -> list[Item]:
    """At most LANES neighbours in time; from the beginning when nothing is in focus."""
    place = next((number for number, item in enumerate(items) if (item.kind, item.id) == focus), 0)
    first = max(0, min(place - LANES // 2, len(items) - LANES))
    return items[first : first + LANES]


def _attempts(ids: Iterable[UUID]) -> defaultdict[UUID, list[Attempt]]:
    tries: defaultdict[UUID, list[Attempt]] = defaultdict(list)
    rows = (
        Attempt.objects.filter(subject_id__in=list(ids))
        .defer("traceback", "message", "log")
        .order_by("subject_id", "-id")
    )
    for attempt in rows[: LANES * ATTEMPTS]:
        if len(tries[attempt.subject_id]) < ATTEMPTS:
            tries[attempt.subject_id].insert(0, attempt)
    return tries


def bars(item: Item, attempts: list[Attempt], now: datetime) -> Iterator[Bar]:
    """The life of `item` from its creation, or from the first of `attempts`, to its end or `now`."""
    now = item.ended_at or now
    ready, number = item.created_at, 1
    if attempts and attempts[0].number > 1:
        ready = attempts[0].started_at or attempts[0].ended_at  # earlier tries were not read
    elif not attempts:
        yield from _held(item, now)
        ready = _due(item, now)
    for attempt in attempts:
        started = attempt.started_at or attempt.ended_at
        yield from _stretch("queued", ready, started, attempt.number)
        yield Bar("running", started, attempt.ended_at, attempt.number, attempt.outcome, attempt.error_class)
        ready = attempt.retry_at or attempt.ended_at
        number = attempt.number + (attempt.outcome != "snoozed")  # a snooze spends no try
        if attempt.retry_at:
            yield from _stretch("waiting", attempt.ended_at, min(ready, now), number)
    if not attempts or not _ended_with(item, attempts[-1]):
        yield from _last_try(item, ready, number, now)


def _ended_with(item: Item, attempt: Attempt) -> bool:
    """Whether nothing came after that try; a failed event may have been processed again."""
    return attempt.is_final and (item.status in (ERROR, CANCELLED) or item.kind == "command")


def _last_try(item: Item, ready: datetime, number: int, now: datetime) -> Iterator[Bar]:
    """The try that no attempt row tells about: it succeeded, runs, or has not begun."""
    if item.started_at is not None and item.status in (PROCESSING, SUCCESS, ERROR):
        yield from _stretch("queued", ready, item.started_at, number)
        outcome = "" if item.status == PROCESSING else item.status
        yield Bar("running", item.started_at, max(now, item.started_at), number, outcome)
    elif item.status != AWAITING:
        yield from _stretch("queued", ready, now, number)


def _held(item: Item, now: datetime) -> Iterator[Bar]:
    note = f"until the batch ends: {item.release_on}" if item.release_on else "not yet due"
    end = now if item.status == AWAITING else _due(item, now)
    yield from _stretch("held", item.created_at, end, 1, note)


def _due(item: Item, now: datetime) -> datetime:
    """When it could first run; a delay that has not ended yet counts up to now."""
    due = item.not_before or item.created_at
    return max(item.created_at, min(due, item.started_at or now))


def _stretch(phase: str, start: datetime, end: datetime, attempt: int, note: str = "") -> Iterator[Bar]:
    if end > start:
        yield Bar(phase, start, end, attempt, "", note)
