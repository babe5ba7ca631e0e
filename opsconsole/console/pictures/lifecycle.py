"""A lifecycle as a picture, the current state lit and the way that led there marked."""

from collections.abc import Collection

from django.utils.safestring import SafeString

from opsconsole.console.pictures.layout import layered
from opsconsole.console.pictures.svg import icon, tag
from opsconsole.kernel.lifecycle import Lifecycle

WIDTH, HEIGHT = 104, 30
COLUMN, ROW = WIDTH + 46, HEIGHT + 14
MARGIN, BELOW = 8, 22

Point = tuple[float, float]


def lifecycle_svg(lifecycle: Lifecycle, current: str, visited: Collection[str] = ()) -> SafeString:
    """All states and moves of `lifecycle`; `visited` are the states already left."""
    moves = [(state, target) for state in lifecycle.states for target in sorted(lifecycle.moves[state])]
    layout = layered(lifecycle.states, moves)
    corners = {
        state: (MARGIN + COLUMN * layout.columns[state], MARGIN + ROW * layout.rows[state]) for state in lifecycle.states
    }
    width = 2 * MARGIN + COLUMN * (layout.column_count - 1) + WIDTH
    height = 2 * MARGIN + ROW * layout.row_span + HEIGHT + BELOW
    passed = {*visited, current}
    arrows = []
    for source, target in moves:
        bends = [(MARGIN + COLUMN * x, MARGIN + ROW * y + HEIGHT / 2) for x, y in layout.bends[source, target]]
        is_used = source in visited and target in passed
        arrows.append(_move(corners[source], corners[target], bends, is_used))
    return tag(
        "svg",
        *arrows,
        *(_state(state, *corners[state], current, passed) for state in lifecycle.states),
        class_="pic pic-lifecycle",
        role="img",
        aria_label=f"States: {', '.join(lifecycle.states)}. Now {current}.",
        width=width,
        height=height,
        viewBox=f"0 0 {width} {height:.0f}",
    )


def _state(state: str, x: float, y: float, current: str, passed: Collection[str]) -> SafeString:
    mark = " is-current" if state == current else " is-passed" if state in passed else " is-ahead"
    return tag(
        "g",
        tag("rect", class_="pic-box", x=x, y=y, width=WIDTH, height=HEIGHT, rx=HEIGHT / 2),
        icon(state, x + 10, y + HEIGHT / 2 - 7),
        tag("text", state, class_="pic-word", x=x + 29, y=y + HEIGHT / 2 + 4),
        class_=f"pic-stage is-{state}{mark}",
    )


def _move(source: Point, target: Point, bends: list[Point], is_used: bool) -> SafeString:
    if target[0] <= source[0]:
        line, head = _back(source, target)
    else:
        tip = (target[0] - 1, target[1] + HEIGHT / 2)
        stations = [(source[0] + WIDTH, source[1] + HEIGHT / 2)]
        for x, y in bends:
            stations += [(x, y), (x + WIDTH, y)]
        stations.append(tip)
        line = f"M{stations[0][0]:.1f} {stations[0][1]:.1f}" + "".join(map(_curve, stations, stations[1:]))
        head = f"M{tip[0] - 5:.1f} {tip[1] - 3.5:.1f}l5 3.5l-5 3.5"
    return tag("path", d=line + head, class_="pic-link" + (" is-used" if is_used else ""))


def _back(source: Point, target: Point) -> tuple[str, str]:
    """A way back, below the states that it passes."""
    start, end = (source[0] + WIDTH / 2 - 8, source[1] + HEIGHT), (target[0] + WIDTH / 2 + 8, target[1] + HEIGHT + 1)
    low = max(start[1], end[1]) + BELOW
    line = f"M{start[0]:.1f} {start[1]:.1f}C{start[0]:.1f} {low:.1f} {end[0]:.1f} {low:.1f} {end[0]:.1f} {end[1]:.1f}"
    return line, f"M{end[0] - 3.5:.1f} {end[1] + 5:.1f}l3.5 -5l3.5 5"


def _curve(before: Point, after: Point) -> str:
    middle = (before[0] + after[0]) / 2
    return f"C{middle:.1f} {before[1]:.1f} {middle:.1f} {after[1]:.1f} {after[0]:.1f} {after[1]:.1f}"
