"""Boxes and arrows: how any graph of work is drawn, whatever it stands for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.safestring import SafeString

from opsconsole.console.pictures.bars import segments
from opsconsole.console.pictures.layout import Layout, layered
from opsconsole.console.pictures.svg import cut, icon, join, tag, text_width

WIDTH, HEIGHT = 208, 50
COLUMN, ROW = WIDTH + 72, HEIGHT + 16
MARGIN = 14

Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A clickable box of two lines: a name, and a word about its status. `described` is what a screen reader
    says and, with `hint`, the tooltip; `counts` by status become a bar at the foot; a stack stands for many."""

    key: str
    kind: str
    status: str
    name: str
    word: str
    address: str
    described: str
    aside: str = ""
    hint: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    is_stack: bool = False
    is_focus: bool = False


@dataclass(frozen=True, slots=True)
class Arrow:
    source: str
    target: str
    kind: str = "cause"
    caption: str = ""


def graph_svg(boxes: Sequence[Box], arrows: Sequence[Arrow], *, label: str, css: str) -> SafeString:
    """The boxes from left to right, each column in the order of reading."""
    layout = layered([box.key for box in boxes], [(arrow.source, arrow.target) for arrow in arrows])
    width = 2 * MARGIN + COLUMN * (layout.column_count - 1) + WIDTH + 6
    height = 2 * MARGIN + ROW * layout.row_span + HEIGHT + 6
    by_key = {box.key: box for box in boxes}
    in_reading_order = sorted(boxes, key=lambda box: (layout.columns[box.key], layout.rows[box.key]))
    return tag(
        "svg",
        tag(
            "g",
            *(_arrow(arrow, layout, by_key[arrow.source], by_key[arrow.target]) for arrow in arrows),
            class_="pic-links",
        ),
        *(_box(box, *_corner(layout.columns[box.key], layout.rows[box.key])) for box in in_reading_order),
        class_=f"pic {css}",
        role="group",
        aria_label=label,
        width=width,
        height=height,
        viewBox=f"0 0 {width} {height:.1f}",
    )


def _corner(column: float, row: float) -> Point:
    return MARGIN + column * COLUMN, MARGIN + row * ROW


def _box(box: Box, x: float, y: float) -> SafeString:
    classes = f"pic-node is-{box.status} of-{box.kind}" + (" is-focus" if box.is_focus else "")
    link = tag(
        "a",
        tag("title", f"{box.described}\n{box.hint}".strip()),
        *_outline(box, x, y),
        icon(box.kind, x + 11, y + 8),
        tag("text", cut(box.name, WIDTH - 42, 13), class_="pic-name", aria_hidden="true", x=x + 31, y=y + 20),
        icon(box.status, x + 11, y + 27.5),
        tag("text", cut(box.word, WIDTH - 42, 11.5), class_="pic-word", aria_hidden="true", x=x + 31, y=y + 38.5),
        _aside(box, x, y),
        segments(box.counts, x + 6, y + HEIGHT - 6, WIDTH - 12, 3),
        href=box.address,
        aria_current="true" if box.is_focus else None,
    )
    return tag("g", link, class_=classes)


def _aside(box: Box, x: float, y: float) -> SafeString:
    """Where the name comes from, if there is room beside the word."""
    room = WIDTH - 50 - text_width(box.word, 11.5)
    if not box.aside or text_width(box.aside, 10.5) > room:
        return join([])
    return tag("text", box.aside, class_="pic-aside", aria_hidden="true", x=x + WIDTH - 10, y=y + 38.5)


def _outline(box: Box, x: float, y: float) -> list[SafeString]:
    """The shape tells the kind: round events, square commands, stacks for what stands for many."""
    radius = {"event": 16, "workflow": 10}.get(box.kind, 5)
    size = {"width": WIDTH, "height": HEIGHT, "rx": radius}
    halo = {"width": WIDTH + 8, "height": HEIGHT + 8, "rx": radius + 4}
    shapes = [tag("rect", class_="pic-halo", x=x - 4, y=y - 4, **halo)] if box.is_focus else []
    if box.is_stack:
        shapes += [tag("rect", class_="pic-box", x=x + shift, y=y + shift, **size) for shift in (6, 3)]
    shapes.append(tag("rect", class_="pic-box", x=x, y=y, **size))
    return shapes


def _arrow(arrow: Arrow, layout: Layout, source: Box, target: Box) -> SafeString:
    start, end = (_corner(layout.columns[key], layout.rows[key]) for key in (arrow.source, arrow.target))
    points = [(start[0] + WIDTH + (6 if source.is_stack else 0), start[1] + HEIGHT / 2)]
    for column, row in layout.bends.get((arrow.source, arrow.target), ()):
        x, y = _corner(column, row)
        points += [(x, y + HEIGHT / 2), (x + WIDTH, y + HEIGHT / 2)]
    tip = (end[0] - (6 if target.is_focus else 1), end[1] + HEIGHT / 2)
    points.append(tip)
    line = f"M{points[0][0]:.1f} {points[0][1]:.1f}" + "".join(map(_curve, points, points[1:]))
    path = tag("path", d=f"{line}M{tip[0] - 6:.1f} {tip[1] - 4:.1f}l6 4l-6 4", class_=f"pic-link is-{arrow.kind}")
    if not arrow.caption:
        return path
    return join([path, tag("text", arrow.caption, class_="pic-caption", x=tip[0] - 6, y=tip[1] - 6)])


def _curve(before: Point, after: Point) -> str:
    if before[1] == after[1]:
        return f"H{after[0]:.1f}"
    middle = (before[0] + after[0]) / 2
    return f"C{middle:.1f} {before[1]:.1f} {middle:.1f} {after[1]:.1f} {after[0]:.1f} {after[1]:.1f}"
