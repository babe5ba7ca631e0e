"""Recent activity, as the chart's script and its table read it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from opsconsole.console.dashboard.addresses import list_of, moment
from opsconsole.console.dashboard.state import DAY, State
from opsconsole.console.kinds import KINDS
from opsconsole.engine.queries import rollups
from opsconsole.engine.queries.history import MINUTE
from opsconsole.engine.queries.rollups import HOUR, Bucket
from opsconsole.engine.queries.windows import Bounded

STACKED = ("success", "error", "cancelled")


@dataclass(frozen=True, slots=True)
class Range:
    """A choice of how far back to look, and how finely."""

    name: str
    label: str
    span: timedelta
    step: timedelta
    step_words: str


RANGES = {
    choice.name: choice
    for choice in (
        Range("1h", "1 h", HOUR, MINUTE, "minute by minute"),
        Range("24h", "24 h", DAY, 30 * MINUTE, "by half hours"),
        Range("7d", "7 d", 7 * DAY, 3 * HOUR, "by three hours"),
    )
}


@dataclass(frozen=True, slots=True)
class TableCell:
    status: str
    count: Bounded
    address: str


@dataclass(frozen=True, slots=True)
class TableRow:
    bucket: Bucket
    cells: list[TableCell]


@dataclass(frozen=True, slots=True)
class Activity:
    """`data` goes to the chart, `rows` into the equivalent table (without empty buckets, the latest first).
    When `total` is a bound, more has finished since the last roll-up than was counted."""

    kind: str
    range: Range
    data: dict[str, Any]
    rows: list[TableRow]
    total: Bounded


def activity(state: State, kind: str, chosen: Range) -> Activity:
    history = state.histories[kind]
    buckets = rollups.activity(history, state.now, chosen.span, chosen.step)
    statuses = [status for status in STACKED if status != "cancelled" or kind == "command"]
    data = {
        "kind": kind,
        "list": KINDS[kind].list_url,
        "statuses": statuses,
        "step": chosen.step.total_seconds(),
        "buckets": [
            {
                "from": moment(bucket.start),
                "to": moment(bucket.end),
                "open": bucket.is_open,
                "counts": [bucket.counts.get(status, 0) for status in statuses],
            }
            for bucket in buckets
        ],
    }
    rows = [TableRow(bucket, _cells(kind, bucket, statuses)) for bucket in reversed(buckets) if bucket.counts]
    total = Bounded(sum(sum(bucket.counts.values()) for bucket in buckets), history.is_cut)
    return Activity(kind, chosen, data, rows, total)


def _cells(kind: str, bucket: Bucket, statuses: list[str]) -> list[TableCell]:
    ended = (bucket.start, bucket.end)
    return [
        TableCell(status, Bounded(count), list_of(kind, status=status, ended=ended) if count else "")
        for status in statuses
        for count in [bucket.counts.get(status, 0)]
    ]
