"""A lifecycle as a picture, the current state lit and the way that led there marked."""

from collections.abc import Collection, Sequence
from itertools import pairwise

from django.utils.safestring import SafeString

from opsconsole.console.pictures.svg import icon, tag
from opsconsole.engine.states import UNFINISHED
from opsconsole.kernel.lifecycle import Lifecycle

WIDTH, HEIGHT = 104, 30
COLUMN, ROW = WIDTH + 44, HEIGHT + 14
MARGIN, RAIL = 8, 20  # a rail leads past states above or below them

Point = tuple[float, float]


def lifecycle_svg(lifecycle: Lifecycle, current: str, visited: Sequence[str] = ()) -> SafeString:
    """All states and moves of `lifecycle`, from left to right, its ends below each other; `visited` are the
    states already left, in their order."""
    corners = _corners(lifecycle)
    columns = 1 + max(x for x, _ in corners.values()) // COLUMN
    width = 2 * MARGIN + COLUMN * (columns - 1) + WIDTH + RAIL
    height = max(y for _, y in corners.values()) + HEIGHT + RAIL
    passed = {*visited, current}
    made = set(pairwise([*visited, current]))
    moves = [
        _move(corners, source, target, (source, target) in made)
        for source in lifecycle.states
        for target in sorted(lifecycle.moves[source])
    ]
    return tag(
        "svg",
        *sorted(moves, key=lambda move: "is-used" in move),
        *(_state(state, *corners[state], current, passed) for state in lifecycle.states),
        class_="pic pic-lifecycle",
        role="img",
        aria_label=f"States: {', '.join(lifecycle.states)}. Now {current}.",
        width=width,
        height=height,
        viewBox=f"0 0 {width:.0f} {height:.0f}",
    )


def _corners(lifecycle: Lifecycle) -> dict[str, Point]:
    """States that are on their way beside each other, ends below each other in the last column."""
    open_ = [state for state in lifecycle.states if state in UNFINISHED]
    ends = [state for state in lifecycle.states if state not in UNFINISHED]
    middle = RAIL + ROW * (len(ends) - 1) / 2
    corners: dict[str, Point] = {state: (MARGIN + COLUMN * number, middle) for number, state in enumerate(open_)}
    corners |= {end: (MARGIN + COLUMN * len(open_), RAIL + ROW * row) for row, end in enumerate(ends)}
    return corners


def _state(state: str, x: float, y: float, current: str, passed: Collection[str]) -> SafeString:
    mark = " is-current" if state == current else " is-passed" if state in passed else " is-ahead"
    return tag(
        "g",
        tag("rect", class_="pic-box", x=x, y=y, width=WIDTH, height=HEIGHT, rx=HEIGHT / 2),
        icon(state, x + 10, y + HEIGHT / 2 - 7),
        tag("text", state, class_="pic-word", x=x + 29, y=y + HEIGHT / 2 + 4),
        class_=f"pic-stage is-{state}{mark}",
    )


def _move(corners: dict[str, Point], source: str, target: str, is_used: bool) -> SafeString:
    start, end = corners[source], corners[target]
    if start[0] == end[0]:
        line = _beside(start, end)
    elif end[0] - start[0] == COLUMN or (end[0] > start[0] and end[1] == start[1]):
        line = _across(start, end)
    else:
        line = _around(start, end)
    return tag("path", d=line, class_="pic-link" + (" is-used" if is_used else ""))


def _across(start: Point, end: Point) -> str:
    """To the next column, or straight on behind what lies between."""
    x, y, tip, level = start[0] + WIDTH, start[1] + HEIGHT / 2, end[0] - 1, end[1] + HEIGHT / 2
    turn = tip - (COLUMN - WIDTH) / 2
    curve = f"C{turn:.1f} {y:.1f} {turn - 8:.1f} {level:.1f} {tip:.1f} {level:.1f}"
    return f"M{x:.1f} {y:.1f}H{turn - 14:.1f}{curve}m-5 -3.5l5 3.5l-5 3.5"


def _beside(start: Point, end: Point) -> str:
    """Between two ends, on their right."""
    x, y, level = start[0] + WIDTH, start[1] + HEIGHT / 2, end[1] + HEIGHT / 2
    turn = x + RAIL
    return f"M{x:.1f} {y:.1f}C{turn:.1f} {y:.1f} {turn:.1f} {level:.1f} {x + 1:.1f} {level:.1f}m5 -3.5l-5 3.5l5 3.5"


def _around(start: Point, end: Point) -> str:
    """Past the states between: ahead, above or below them to where the end lies; or back."""
    if end[0] < start[0]:
        return _back(start, end, is_above=end[1] == start[1])
    x, y = start[0] + WIDTH / 2 + 12, start[1] + (HEIGHT if end[1] > start[1] else 0)
    tip, level = end[0] - 1, end[1] + HEIGHT / 2
    corner = f"C{x:.1f} {level:.1f} {x:.1f} {level:.1f} {x + 24:.1f} {level:.1f}"
    return f"M{x:.1f} {y:.1f}{corner}H{tip:.1f}m-5 -3.5l5 3.5l-5 3.5"


def _back(start: Point, end: Point, *, is_above: bool) -> str:
    rail = min(start[1], end[1]) - 12 if is_above else max(start[1], end[1]) + HEIGHT + 12
    edge = 0 if is_above else HEIGHT
    x, tip = start[0] + WIDTH / 2 - 12, end[0] + WIDTH / 2 + 12
    leave = f"C{x:.1f} {rail:.1f} {x:.1f} {rail:.1f} {x - 16:.1f} {rail:.1f}"
    arrive = f"C{tip:.1f} {rail:.1f} {tip:.1f} {rail:.1f} {tip:.1f} {end[1] + edge:.1f}"
    head = "m-3.5 -5l3.5 5l3.5 -5" if is_above else "m-3.5 5l3.5 -5l3.5 5"
    return f"M{x:.1f} {start[1] + edge:.1f}{leave}H{tip + 16:.1f}{arrive}{head}"
