"""The lifecycles as pictures for the documentation: `python -m tests.docs.drawing` writes them anew."""

from collections.abc import Iterator
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

STYLE = (
    "text{font:14px system-ui,sans-serif;text-anchor:middle;dominant-baseline:central;fill:#1f2328}"
    "rect{fill:#fff;stroke:#57606a;stroke-width:1.5}path{fill:none;stroke:#57606a;stroke-width:1.5}"
    ".back{stroke-dasharray:5 4}.tip{stroke-dasharray:none}"
    ".awaiting rect{stroke:#6e7781}.pending rect{stroke:#9a6700}.processing rect{stroke:#0969da}"
    ".success rect{stroke:#1a7f37}.error rect{stroke:#cf222e}.cancelled rect{stroke:#6e7781;stroke-dasharray:4 3}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}rect{fill:#161b22;stroke:#8b949e}path{stroke:#8b949e}"
    ".pending rect{stroke:#d29922}.processing rect{stroke:#58a6ff}.success rect{stroke:#3fb950}.error rect{stroke:#f85149}}"
)

Place = tuple[float, float]  # the middle of a state


def draw(name: str, lifecycle: Lifecycle) -> str:
    """The lifecycle as an SVG document; moves that lead back, and out of an end, are dashed."""
    places = _places(lifecycle)
    moves = [(source, target) for source in lifecycle.states for target in sorted(lifecycle.moves[source])]
    lowest = max(y for _, y in places.values())
    lines = [line for move in moves for line in _line(places, *move, lowest + BACK)]
    width = max(x for x, _ in places.values()) + WIDTH / 2 + RAIL + MARGIN
    leads_back = any(source in LANES and target in UNFINISHED for source, target in moves)
    height = lowest + MARGIN + (BACK if leads_back else HEIGHT / 2)
    boxes = [_box(state, *place) for state, place in places.items()]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" viewBox="0 0 {width:g} {height:g}"'
        f' role="img" aria-label="The states of a {name} and the moves between them">\n<style>{STYLE}</style>\n'
        + "\n".join([*lines, *boxes])
        + "\n</svg>\n"
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


def _line(places: dict[str, Place], source: str, target: str, back: float) -> Iterator[str]:
    (x, y), (to_x, to_y) = places[source], places[target]
    if x == to_x:
        edge, bulge = x + WIDTH / 2, x + WIDTH / 2 + RAIL
        yield _path(f"M{edge:g} {y - 6:g}C{bulge:g} {y - 6:g} {bulge:g} {to_y + 6:g} {edge:g} {to_y + 6:g}", "back")
        yield _path(_tip(edge, to_y + 6, "left"), "tip")
    elif to_x < x and source in LANES:
        edge, end = x + WIDTH / 2, to_x + 12
        yield _path(
            f"M{edge:g} {y + 6:g}h4q{RADIUS} 0 {RADIUS} {RADIUS}V{back - RADIUS:g}q0 {RADIUS} -{RADIUS} {RADIUS}"
            f"H{end + RADIUS:g}q-{RADIUS} 0 -{RADIUS} -{RADIUS}V{to_y + HEIGHT / 2:g}",
            "back",
        )
        yield _path(_tip(end, to_y + HEIGHT / 2, "up"), "tip")
    elif to_x < x:
        top = y - HEIGHT / 2
        yield _path(f"M{x - 14:g} {top:g}C{x - 24:g} {top - 26:g} {to_x + 24:g} {top - 26:g} {to_x + 14:g} {top:g}", "back")
        yield _path(_tip(to_x + 14, top, "down"), "tip")
    elif to_x - x > COLUMN:
        yield from _over_or_under(x, y, to_x - WIDTH / 2, to_y)
    else:
        start, end = x + WIDTH / 2, to_x - WIDTH / 2
        middle = (start + end) / 2
        yield _path(f"M{start:g} {y:g}C{middle:g} {y:g} {middle:g} {to_y:g} {end:g} {to_y:g}")
        yield _path(_tip(end, to_y, "right"), "tip")


def _over_or_under(x: float, y: float, end: float, lane: float) -> Iterator[str]:
    """Past the states between, on the lane of the end that it leads to."""
    down = 1 if lane > y else -1
    start = x - (10 if lane == LANES[CANCELLED] else 0 if down == 1 else 26)
    edge = y + down * HEIGHT / 2
    yield _path(f"M{start:g} {edge:g}V{lane - down * RADIUS:g}q0 {down * RADIUS} {RADIUS} {down * RADIUS}H{end:g}")
    yield _path(_tip(end, lane, "right"), "tip")


def _path(line: str, kind: str = "") -> str:
    return f'<path class="{kind}" d="{line}"/>' if kind else f'<path d="{line}"/>'


def _tip(x: float, y: float, towards: str) -> str:
    strokes = {
        "right": "m-6 -4l6 4l-6 4", "left": "m6 -4l-6 4l6 4", "down": "m-4 -6l4 6l4 -6", "up": "m-4 6l4 -6l4 6",
    }  # fmt: skip
    return f"M{x:g} {y:g}{strokes[towards]}"


def pictures() -> dict[Path, str]:
    """Each picture's file, and what it should hold."""
    return {IMAGES / f"states-{name}.svg": draw(name, lifecycle) for name, lifecycle in LIFECYCLES.items()}


if __name__ == "__main__":
    for file, text in pictures().items():
        file.write_text(text)
