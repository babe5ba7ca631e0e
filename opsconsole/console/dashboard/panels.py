"""What each panel of the overview shows, ready for its template."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils.safestring import SafeString

from opsconsole.console.dashboard.addresses import list_of
from opsconsole.console.dashboard.charts import Range
from opsconsole.console.dashboard.state import DAY, State
from opsconsole.console.kinds import KINDS
from opsconsole.console.pictures.bars import share_bar, sparkline
from opsconsole.console.words import counted, took
from opsconsole.engine.queries import rollups
from opsconsole.engine.queries.history import MINUTE
from opsconsole.engine.queries.rollups import HOUR, WINDOWS, window_start
from opsconsole.engine.queries.windows import Bounded
from opsconsole.engine.rollups import BOUNDS

STATES = ("pending", "awaiting", "processing", "success", "error", "cancelled")
WINDOW_WORDS = ("1 h", "3 h", "24 h", "7 d")
ROWS = 12
HEAT = (1, 5, 20, 100)  # from how many failures on a cell is a shade darker


@dataclass(frozen=True, slots=True)
class Number:
    status: str
    count: Bounded
    address: str


@dataclass(frozen=True, slots=True)
class Card:
    """One kind: how many in each state, and how the last hour went."""

    kind: str
    title: str
    address: str
    total: Bounded
    numbers: list[Number]
    lately: str = ""
    spark: SafeString | str = ""


@dataclass(frozen=True, slots=True)
class TypeRow:
    name: str
    count: Bounded
    failed: Bounded
    bar: SafeString
    address: str
    failed_address: str


@dataclass(frozen=True, slots=True)
class Cell:
    count: Bounded
    heat: int
    window: str
    address: str


@dataclass(frozen=True, slots=True)
class FailureRow:
    kind: str
    type: str
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class TimeRow:
    type: str
    count: Bounded
    p50: str
    p95: str
    address: str


def cards(state: State) -> Iterator[Card]:
    for kind, counts in state.counts.items():
        numbers = [
            Number(status, counts[status], list_of(kind, status=status)) for status in STATES if status in counts
        ]
        total = Bounded(sum(one.number for one in counts.values()), any(one.is_more for one in counts.values()))
        lately, spark = _lately(state, kind)
        yield Card(kind, KINDS[kind].plural.capitalize(), list_of(kind), total, numbers, lately, spark)


def _lately(state: State, kind: str) -> tuple[str, SafeString | str]:
    if kind not in state.histories:
        return "", ""
    minutes = rollups.activity(state.histories[kind], state.now, HOUR, MINUTE)
    per_minute = [sum(bucket.counts.values()) for bucket in minutes]
    words = f"{sum(per_minute):,} last hour"
    return words, sparkline(per_minute, label=f"Finished minute by minute, {words}")


def types(state: State, kind: str, chosen: Range) -> list[TypeRow]:
    """Types by how many finished in the range of the chart."""
    since = rollups.first_bucket(state.now, chosen.span, chosen.step)
    rows = rollups.types(state.histories[kind], since, chosen.step)[:ROWS]
    most = max((row.count for row in rows), default=0)
    return [
        TypeRow(
            row.type,
            Bounded(row.count),
            Bounded(row.failed),
            share_bar(row.count - row.failed, row.failed, most),
            list_of(kind, type=row.type, ended=(since, None)),
            list_of(kind, type=row.type, status="error", ended=(since, None)),
        )
        for row in rows
    ]


def failures(state: State) -> list[FailureRow]:
    since = [window_start(state.now, window) for window in WINDOWS]
    return [
        FailureRow(
            row.kind,
            row.type,
            [
                Cell(
                    Bounded(count),
                    sum(count >= step for step in HEAT),
                    words,
                    list_of(row.kind, status="error", type=row.type, ended=(start, None)),
                )
                for count, words, start in zip(row.counts, WINDOW_WORDS, since, strict=True)
            ],
        )
        for row in state.failures[:ROWS]
    ]


def run_times(state: State) -> list[TimeRow]:
    """Of commands, in the last 24 hours."""
    if "command" not in state.histories:
        return []
    since = window_start(state.now, DAY)
    rows = rollups.run_times(state.histories["command"], since)[:ROWS]
    return [
        TimeRow(
            row.type,
            Bounded(row.count),
            _about(row.p50),
            _about(row.p95),
            list_of("command", type=row.type, ended=(since, None)),
        )
        for row in rows
    ]


def _about(seconds: float | None) -> str:
    """A duration read off a histogram, in words."""
    if seconds is None:
        return f"> {took(timedelta(seconds=BOUNDS[-1]))}"
    return took(timedelta(seconds=float(f"{seconds:.2g}")))


def hidden(rows: Sequence[object], what: str) -> str:
    """A note on rows beyond those shown."""
    more = len(rows) - ROWS
    return f"{counted(more, what)} more" if more > 0 else ""
