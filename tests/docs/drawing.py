"""The lifecycles as pictures for the documentation: `python -m tests.docs.drawing` writes them anew."""

from pathlib import Path

from opsconsole.engine import states
from opsconsole.engine.states import CANCELLED, ERROR, SUCCESS, UNFINISHED
from opsconsole.kernel.lifecycle import Lifecycle
from tests.docs.pages import ROOT

IMAGES = ROOT / "docs" / "images"
LIFECYCLES = {
    "event": states.EVENT,
    "command": states.COMMAND,
    "batch": states.BATCH,
    "workflow": states.WORKFLOW,
    "step": states.STEP,
}
WIDTH, HEIGHT, RADIUS = 104, 32, 10
COLUMN, MARGIN = 164, 12
LEVEL = 84.0  # of what is on its way; its ends have lanes of their own above and below
LANES = {SUCCESS: 28.0, ERROR: 140.0, CANCELLED: 190.0}
BACK = 40  # how far below the lowest state the lane lies that leads back from an end
RAIL = 26  # room on the right, for moves between ends

STYLE = """
text{font:14px system-ui,sans-serif;text-anchor:middle;dominant-baseline:central;fill:#1f2328}
rect{fill:#fff;stroke:#57606a;stroke-width:1.5} path{fill:none;stroke:#57606a;stroke-width:1.5}
.back{stroke-dasharray:5 4} .pending rect{stroke:#9a6700} .processing rect{stroke:#0969da}
.success rect{stroke:#1a7f37} .error rect{stroke:#cf222e} .cancelled rect{stroke-dasharray:4 3}
@media(prefers-color-scheme:dark){
text{fill:#e6edf3} rect{fill:#161b22;stroke:#8b949e} path{stroke:#8b949e}
.pending rect{stroke:#d29922} .processing rect{stroke:#58a6ff}
.success rect{stroke:#3fb950} .error rect{stroke:#f85149}
}
"""
TIPS = {"right": "-6 -4l6 4l-6 4", "left": "6 -4l-6 4l6 4", "down": "-4 -6l4 6l4 -6", "up": "-4 6l4 -6l4 6"}
MARKERS = "".join(
    f'<marker id="{towards}" overflow="visible" markerUnits="userSpaceOnUse"><path d="M{tip}"/></marker>'
    for towards, tip in TIPS.items()
)

Place = tuple[float, float]  # the middle of a state


def draw(name: str, lifecycle: Lifecycle) -> str:
    """The lifecycle as an SVG document; moves that lead back, and out of an end, are dashed."""
    places = _places(lifecycle)
    moves = [(source, target) for source in lifecycle.states for target in sorted(lifecycle.moves[source])]
    lowest = max(y for _, y in places.values())
    lines = [_line(places, *move, lowest + BACK) for move in moves]
    width = max(x for x, _ in places.values()) + WIDTH / 2 + RAIL + MARGIN
    leads_back = any(source in LANES and target in UNFINISHED for source, target in moves)
    height = lowest + MARGIN + (BACK if leads_back else HEIGHT / 2)
    boxes = [_box(state, *place) for state, place in places.items()]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}"'
        f' viewBox="0 0 {width:g} {height:g}" role="img"'
        f' aria-label="The states of a {name} and the moves between them">'
        f"<style>{STYLE}</style>\n{MARKERS}\n" + "\n".join([*lines, *boxes]) + "\n</svg>\n"
    )


def _places(lifecycle: Lifecycle) -> dict[str, Place]:
    """What is on its way stands in a row; its ends stand below each other behind it."""
    under_way = [state for state in lifecycle.states if state in UNFINISHED]
    first = MARGIN + WIDTH / 2
    places = {state: (first + COLUMN * number, LEVEL) for number, state in enumerate(under_way)}
    last = first + COLUMN * len(under_way)
    return places | {state: (last, LANES[state]) for state in lifecycle.states if state in LANES}


def _box(state: str, x: float, y: float) -> str:
    corner = f'x="{x - WIDTH / 2:g}" y="{y - HEIGHT / 2:g}"'
    return (
        f'<g class="{state}"><rect {corner} width="{WIDTH}" height="{HEIGHT}" rx="{HEIGHT / 2:g}"/>'
        f'<text x="{x:g}" y="{y:g}">{state}</text></g>'
    )


def _line(places: dict[str, Place], source: str, target: str, back: float) -> str:
    start, end = places[source], places[target]
    if start[0] == end[0]:
        return _between_ends(start, end)
    if end[0] < start[0]:
        return _out_of_an_end(start, end, back) if source in LANES else _back(start, end)
    if end[0] - start[0] > COLUMN:
        return _past_others(start, end)
    return _to_the_next(start, end)


def _to_the_next(start: Place, end: Place) -> str:
    x, to_x = start[0] + WIDTH / 2, end[0] - WIDTH / 2
    middle = (x + to_x) / 2
    return _move(f"M{x:g} {start[1]:g}C{middle:g} {start[1]:g} {middle:g} {end[1]:g} {to_x:g} {end[1]:g}", "right")


def _past_others(start: Place, end: Place) -> str:
    """On the lane of the end that it leads to, over or under what stands between."""
    (x, y), (to_x, lane) = start, end
    down = 1 if lane > y else -1
    x -= {LANES[CANCELLED]: 10, LANES[ERROR]: 0, LANES[SUCCESS]: 26}[lane]
    turn = f"q0 {down * RADIUS} {RADIUS} {down * RADIUS}"
    up_or_down = f"M{x:g} {y + down * HEIGHT / 2:g}V{lane - down * RADIUS:g}"
    return _move(f"{up_or_down}{turn}H{to_x - WIDTH / 2:g}", "right")


def _back(start: Place, end: Place) -> str:
    """An arc above."""
    x, to_x, top = start[0] - 14, end[0] + 14, start[1] - HEIGHT / 2
    arc = f"C{x - 10:g} {top - 26:g} {to_x + 10:g} {top - 26:g} {to_x:g} {top:g}"
    return _move(f"M{x:g} {top:g}{arc}", "down", "back")


def _between_ends(start: Place, end: Place) -> str:
    """An arc on their right."""
    x, y, to_y = start[0] + WIDTH / 2, start[1] - 6, end[1] + 6
    return _move(f"M{x:g} {y:g}C{x + RAIL:g} {y:g} {x + RAIL:g} {to_y:g} {x:g} {to_y:g}", "left", "back")


def _out_of_an_end(start: Place, end: Place, lane: float) -> str:
    """Around everything, on the lowest lane."""
    x, y, to_x = start[0] + WIDTH / 2, start[1] + 6, end[0] + 12
    down = f"M{x:g} {y:g}h4q{RADIUS} 0 {RADIUS} {RADIUS}V{lane - RADIUS:g}"
    left = f"q0 {RADIUS} -{RADIUS} {RADIUS}H{to_x + RADIUS:g}"
    up = f"q-{RADIUS} 0 -{RADIUS} -{RADIUS}V{end[1] + HEIGHT / 2:g}"
    return _move(down + left + up, "up", "back")


def _move(line: str, towards: str, kind: str = "") -> str:
    """A line with a tip at its end."""
    marked = f' class="{kind}"' if kind else ""
    return f'<path{marked} marker-end="url(#{towards})" d="{line}"/>'


def pictures() -> dict[Path, str]:
    """Each picture's file, and what it should hold."""
    return {IMAGES / f"states-{name}.svg": draw(name, lifecycle) for name, lifecycle in LIFECYCLES.items()}


if __name__ == "__main__":
    for file, text in pictures().items():
        file.write_text(text)
