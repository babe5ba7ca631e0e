"""Any state machine as a picture: the state it is in lit, the moves it has made drawn strong; and as a list."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from opsconsole.console.pictures.layout import layered
from opsconsole.console.pictures.svg import cut, icon, join, tag, text_width
from opsconsole.kernel.lifecycle import Lifecycle

NARROWEST, WIDEST, HEIGHT = 104, 208, 32  # of a state; as wide as the longest name needs
GAP, ROW = 52, HEIGHT + 20
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
    return _Drawing(machine).svg()


class _Drawing:
    """Where everything goes: states in columns, moves to the right between them, those back along rails above."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        states, moves = machine.lifecycle.states, machine.moves
        self.layout = layout = layered(states, moves)
        back = [move for move in moves if layout.columns[move[1]] <= layout.columns[move[0]]]
        shortest_first = sorted(back, key=lambda move: layout.columns[move[0]] - layout.columns[move[1]])
        self.rails = {move: number for number, move in enumerate(shortest_first, start=1)}
        self.width = min(max([NARROWEST, *(text_width(state, 12) + 50 for state in states)]), WIDEST)
        self.top = MARGIN + RAIL * len(self.rails)
        self.corners = {state: self.corner(layout.columns[state], layout.rows[state]) for state in states}

    def corner(self, column: float, row: float) -> Point:
        return MARGIN + BEGIN + (self.width + GAP) * column, self.top + ROW * row

    def svg(self) -> SafeString:
        machine, layout = self.machine, self.layout
        width = self.corner(layout.column_count - 1, 0)[0] + self.width + MARGIN
        height = self.top + ROW * layout.row_span + HEIGHT + MARGIN
        return tag(
            "svg",
            *(self.move(move) for move in sorted(machine.moves, key=machine.made.__contains__)),
            *self.beginnings(),
            *(self.state(state) for state in machine.lifecycle.states),
            class_="pic pic-lifecycle pic-machine",
            role="img",
            aria_label=f"States of {machine.name}: {', '.join(machine.lifecycle.states)}. Now {machine.current}.",
            width=width,
            height=height,
            viewBox=f"0 0 {width:.0f} {height:.0f}",
        )

    def state(self, state: str) -> SafeString:
        machine, (x, y) = self.machine, self.corners[state]
        is_current = state == machine.current
        mark = "is-current" if is_current else "is-passed" if state in machine.passed else "is-ahead"
        own = "live" if machine.lifecycle.moves[state] else "ended"
        tone = machine.tone if is_current else own
        return tag(
            "g",
            tag("title", f"{state}: now" if is_current else state),
            tag("rect", class_="pic-box", x=x, y=y, width=self.width, height=HEIGHT, rx=HEIGHT / 2),
            icon(tone, x + 11, y + HEIGHT / 2 - 7),
            tag("text", cut(state, self.width - 42, 12), class_="pic-word", x=x + 31, y=y + HEIGHT / 2 + 4),
            class_=f"pic-stage is-{tone} {mark}",
        )

    def move(self, move: Move) -> SafeString:
        count = self.machine.made.get(move, 0)
        line, x, y = self.over(move) if move in self.rails else self.forward(move)
        path = tag("path", d=line, class_="pic-link" + (" is-used" if count else ""))
        return path if count < 2 else join([path, tag("text", f"{count}×", class_="pic-caption", x=x, y=y)])

    def forward(self, move: Move) -> tuple[str, float, float]:
        """To a column on the right, past what lies between; and where its caption stands."""
        start, end = self.corners[move[0]], self.corners[move[1]]
        points = [(start[0] + self.width, start[1] + HEIGHT / 2)]
        for column, row in self.layout.bends[move]:
            x, y = self.corner(column, row)
            points += [(x, y + HEIGHT / 2), (x + self.width, y + HEIGHT / 2)]
        tip = (end[0] - 1, end[1] + HEIGHT / 2)
        line = f"M{points[0][0]:.1f} {points[0][1]:.1f}" + "".join(map(_curve, points, [*points[1:], tip]))
        return line + "m-5.5 -3.5l5.5 3.5l-5.5 3.5", tip[0] - 10, tip[1] - 6

    def over(self, move: Move) -> tuple[str, float, float]:
        """Back to a column on the left, or to itself, along a rail above."""
        start, end = self.corners[move[0]], self.corners[move[1]]
        rail = self.top - RAIL * self.rails[move]
        x, tip = start[0] + self.width / 2 + 10, end[0] + self.width / 2 - 10
        line = (
            f"M{x:.1f} {start[1]:.1f}V{rail + 8:.1f}Q{x:.1f} {rail:.1f} {x - 8:.1f} {rail:.1f}H{tip + 8:.1f}"
            f"Q{tip:.1f} {rail:.1f} {tip:.1f} {rail + 8:.1f}V{end[1] - 1:.1f}m-3.5 -5.5l3.5 5.5l3.5 -5.5"
        )
        return line, (x + tip) / 2 + 8, rail - 2

    def beginnings(self) -> Iterator[SafeString]:
        """A dot before the state that it began in."""
        for source, state in self.machine.made:
            if not source and state in self.corners:
                x, y = self.corners[state]
                middle = y + HEIGHT / 2
                yield tag("circle", class_="pic-begin", cx=x - BEGIN + 5, cy=middle, r=4)
                line = f"M{x - BEGIN + 9:.1f} {middle:.1f}H{x - 1:.1f}m-5.5 -3.5l5.5 3.5l-5.5 3.5"
                yield tag("path", class_="pic-link is-used", d=line)


def _curve(before: Point, after: Point) -> str:
    middle = (before[0] + after[0]) / 2
    return f"C{middle:.1f} {before[1]:.1f} {middle:.1f} {after[1]:.1f} {after[0]:.1f} {after[1]:.1f}"
