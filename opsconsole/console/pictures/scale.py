"""A scale of time that folds long stretches in which nothing ran."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

FOLDS = 6
FOLD_WIDTH = 40.0
IDLE_SHARE = 2.0  # idle time may take so many times the room of busy time
TICK_ROOM = 76.0
STEPS = (
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600,
    7200, 14400, 21600, 43200, 86400, 172800, 604800,
)  # fmt: skip

Stretch = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the axis from `x` on, `width` wide: drawn to scale, or folded."""

    start: datetime
    end: datetime
    x: float
    width: float
    is_folded: bool

    @property
    def seconds(self) -> float:
        return (self.end - self.start).total_seconds()


class Scale:
    """Maps instants to x. `marks` are all instants that matter; `busy` the stretches in which something ran."""

    def __init__(self, marks: Iterable[datetime], busy: Iterable[Stretch], *, width: float) -> None:
        instants = sorted(set(marks))
        if len(instants) < 2:
            instants = [*instants, *(instants or [datetime.min])]
        if instants[0] == instants[-1]:
            instants[-1] += timedelta(milliseconds=10)
        self.start, self.end = instants[0], instants[-1]
        merged = list(_merged(busy))
        folded = set(_worth_folding(_idle(instants, merged), _length(merged)))
        self.pieces = tuple(self._pieces(instants, folded, width))

    def _pieces(self, instants: Sequence[datetime], folded: set[Stretch], width: float) -> Iterator[Piece]:
        open_ = [(a, b) for a, b in pairwise(instants) if (a, b) not in folded]
        per_second = (width - FOLD_WIDTH * len(folded)) / (_length(open_) or 1)
        x = 0.0
        for start, end in pairwise(instants):
            is_folded = (start, end) in folded
            room = FOLD_WIDTH if is_folded else (end - start).total_seconds() * per_second
            yield Piece(start, end, x, room, is_folded)
            x += room

    def x(self, at: datetime) -> float:
        for piece in self.pieces:
            if at <= piece.end:
                share = (at - piece.start).total_seconds() / piece.seconds if piece.seconds else 0.0
                return piece.x + piece.width * min(max(share, 0.0), 1.0)
        return self.pieces[-1].x + self.pieces[-1].width

    @property
    def folds(self) -> list[Piece]:
        return [piece for piece in self.pieces if piece.is_folded]

    def ticks(self) -> Iterator[tuple[float, str]]:
        """Round times since the start, where they fall, never too close to each other or to a fold."""
        to_scale = [piece for piece in self.pieces if not piece.is_folded]
        room = sum(piece.width for piece in to_scale)
        per_second = room / (sum(piece.seconds for piece in to_scale) or 1)
        step = next((step for step in STEPS if step * per_second >= TICK_ROOM), STEPS[-1])
        last = -TICK_ROOM
        for piece in to_scale:
            begin = (piece.start - self.start).total_seconds()
            number = int(-(-begin // step))
            while number * step <= begin + piece.seconds and room:
                x = piece.x + (number * step - begin) * per_second
                if x - last >= TICK_ROOM * 0.8:
                    yield x, after(number * step)
                    last = x
                number += 1


def after(seconds: float) -> str:
    """A round time after the start: "+200 ms", "+1.5 s", "+1 h 30 min"."""
    if seconds < 1:
        return f"+{seconds * 1000:g} ms" if seconds else "0"
    for size, unit, smaller in ((86400, "d", "h"), (3600, "h", "min"), (60, "min", "s")):
        if seconds >= size:
            rest = round((seconds % size) / {"h": 3600, "min": 60, "s": 1}[smaller])
            return f"+{seconds // size:.0f} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"+{seconds:g} s"


def _merged(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    current: Stretch | None = None
    for start, end in sorted(stretches):
        if current is None:
            current = (start, end)
        elif start <= current[1]:
            current = (current[0], max(current[1], end))
        else:
            yield current
            current = (start, end)
    if current is not None:
        yield current


def _idle(instants: Sequence[datetime], busy: Sequence[Stretch]) -> list[Stretch]:
    return [gap for gap in pairwise(instants) if not any(start < gap[1] and gap[0] < end for start, end in busy)]


def _worth_folding(idle: list[Stretch], busy_seconds: float) -> Iterator[Stretch]:
    """The longest gaps, until what stays open is in proportion to what ran."""
    if not busy_seconds:
        return
    left = _length(idle)
    for gap in sorted(idle, key=lambda gap: gap[0] - gap[1])[:FOLDS]:
        if left <= IDLE_SHARE * busy_seconds:
            return
        left -= (gap[1] - gap[0]).total_seconds()
        yield gap


def _length(stretches: Iterable[Stretch]) -> float:
    return sum((end - start).total_seconds() for start, end in stretches)
