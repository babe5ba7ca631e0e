"""Any state machine as a picture: the state it is in lit, the moves it has made drawn strong; and as a list."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from opsconsole.console.pictures.layout import Layout, layered
from opsconsole.console.pictures.svg import cut, icon, join, tag
from opsconsole.kernel.lifecycle import Lifecycle

WIDTH, HEIGHT = 148, 32
COLUMN, ROW = WIDTH + 58, HEIGHT + 20
MARGIN, BEGIN, RAIL = 8, 26, 13  # a rail leads back, above everything

Move = tuple[str, str]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Machine:
    """A state machine and the way of one instance through it: `made` counts its moves, those from "" its beginnings.

    `tone` is how its present state is shown.
    """

    name: str
    lifecycle: Lifecycle
    current: str
    made: Mapping[Move, int]
    tone: str

    @property
    def moves(self) -> list[Move]:
        """All there are, and those it has made although there are none such any more."""
        declared = [(source, to) for source in self.lifecycle.states for to in sorted(self.lifecycle.moves[source])]
        return list(dict.fromkeys([*declared, *(move for move in self.made if move[0])]))

    @property
    def passed(self) -> set[str]:
        return {state for move in self.made for state in move}


def machine_figure(machine: Machine, identifier: str) -> SafeString:
    """The picture in its scrolling box, and the equivalent list."""
    begins = [("", state) for state in machine.lifecycle.states if ("", state) in machine.made]
    rows = [(source, to, machine.made.get((source, to), 0)) for source, to in [*begins, *machine.moves]]
    context = {"picture": machine_svg(machine), "rows": rows, "id": identifier, "current": machine.current}
    return render_to_string("ops_console/pictures/machine.html", context)


def machine_svg(machine: Machine) -> SafeString:
    moves = machine.moves
    layout = layered(machine.lifecycle.states, moves)
    back = [move for move in moves if layout.columns[move[1]] <= layout.columns[move[0]]]
    rails = {move: number for number, move in enumerate(sorted(back, key=lambda move: _length(layout, move)))}
    top = MARGIN + RAIL * len(rails)
    corners = {
        state: (MARGIN + BEGIN + COLUMN * layout.columns[state], top + ROW * layout.rows[state])
        for state in machine.lifecycle.states
    }
    width = 2 * MARGIN + BEGIN + COLUMN * (layout.column_count - 1) + WIDTH
    height = top + ROW * layout.row_span + HEIGHT + MARGIN
    lines = [_line(machine, move, layout, corners, top, rails) for move in sorted(moves, key=machine.made.__contains__)]
    return tag(
        "svg",
        *lines,
        *_beginnings(machine, corners),
        *(_state(machine, state, *corners[state]) for state in machine.lifecycle.states),
        class_="pic pic-lifecycle pic-machine",
        role="img",
        aria_label=f"States of {machine.name}: {', '.join(machine.lifecycle.states)}. Now {machine.current}.",
        width=width,
        height=height,
        viewBox=f"0 0 {width:.0f} {height:.0f}",
    )


def _length(layout: Layout, move: Move) -> int:
    return layout.columns[move[0]] - layout.columns[move[1]]


def _state(machine: Machine, state: str, x: float, y: float) -> SafeString:
    is_current = state == machine.current
    mark = "is-current" if is_current else "is-passed" if state in machine.passed else "is-ahead"
    own = "live" if machine.lifecycle.moves[state] else "ended"
    tone = machine.tone if is_current else own
    return tag(
        "g",
        tag("title", f"{state}: now" if is_current else state),
        tag("rect", class_="pic-box", x=x, y=y, width=WIDTH, height=HEIGHT, rx=HEIGHT / 2),
        icon(tone, x + 11, y + HEIGHT / 2 - 7),
        tag("text", cut(state, WIDTH - 42, 12), class_="pic-word", x=x + 31, y=y + HEIGHT / 2 + 4),
        class_=f"pic-stage is-{tone} {mark}",
    )


def _line(
    machine: Machine, move: Move, layout: Layout, corners: Mapping[str, Point], top: float, rails: Mapping[Move, int]
) -> SafeString:
    count = machine.made.get(move, 0)
    start, end = corners[move[0]], corners[move[1]]
    if move in rails:
        rail = top - RAIL * (rails[move] + 1)
        line, label = _over(start, end, rail), ((start[0] + end[0] + WIDTH) / 2, rail - 2)
    else:
        bends = [(MARGIN + BEGIN + COLUMN * column, top + ROW * row + HEIGHT / 2) for column, row in layout.bends[move]]
        line, label = _forward(start, end, bends), (end[0] - 12, end[1] + HEIGHT / 2 - 5)
    path = tag("path", d=line, class_="pic-link" + (" is-used" if count else ""))
    if count < 2:
        return path
    return join([path, tag("text", f"{count}×", class_="pic-caption", x=label[0], y=label[1])])


def _forward(start: Point, end: Point, bends: Sequence[Point]) -> str:
    """To a column on the right, past what lies between."""
    points = [(start[0] + WIDTH, start[1] + HEIGHT / 2)]
    for x, y in bends:
        points += [(x, y), (x + WIDTH, y)]
    tip = (end[0] - 1, end[1] + HEIGHT / 2)
    points.append(tip)
    parts = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for before, after in pairwise(points):
        middle = (before[0] + after[0]) / 2
        parts.append(f"C{middle:.1f} {before[1]:.1f} {middle:.1f} {after[1]:.1f} {after[0]:.1f} {after[1]:.1f}")
    return "".join(parts) + "m-5.5 -3.5l5.5 3.5l-5.5 3.5"


def _over(start: Point, end: Point, rail: float) -> str:
    """Back to a column on the left, or to itself, along a rail above."""
    x, tip = start[0] + WIDTH / 2 + 10, end[0] + WIDTH / 2 - 10
    return (
        f"M{x:.1f} {start[1]:.1f}V{rail + 8:.1f}Q{x:.1f} {rail:.1f} {x - 8:.1f} {rail:.1f}"
        f"H{tip + 8:.1f}Q{tip:.1f} {rail:.1f} {tip:.1f} {rail + 8:.1f}V{end[1] - 1:.1f}m-3.5 -5.5l3.5 5.5l3.5 -5.5"
    )


def _beginnings(machine: Machine, corners: Mapping[str, Point]) -> Iterator[SafeString]:
    """A dot before the state that it began in."""
    for source, state in machine.made:
        if not source and state in corners:
            x, y = corners[state]
            middle = y + HEIGHT / 2
            yield tag("circle", class_="pic-begin", cx=x - BEGIN + 5, cy=middle, r=4)
            yield tag(
                "path",
                class_="pic-link is-used",
                d=f"M{x - BEGIN + 9:.1f} {middle:.1f}H{x - 1:.1f}m-5.5 -3.5l5.5 3.5l-5.5 3.5",
            )
