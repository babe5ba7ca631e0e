"""The timeline of a flow as a picture: a lane an item, a bar a stretch of waiting or running; and as a table."""

from collections.abc import Callable, Iterator
from datetime import datetime

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from opsconsole.console.pictures.scale import Scale
from opsconsole.console.pictures.svg import cut, icon, join, tag
from opsconsole.console.words import counted, took
from opsconsole.engine.queries.items import Item
from opsconsole.engine.queries.timeline import Bar, Lane, Timeline
from opsconsole.engine.states import UNFINISHED

LABELS, CHART = 210.0, 580.0
LANE, HEAD, FOOT = 28.0, 26.0, 14.0
THICKNESS = {"running": 14.0, "queued": 6.0, "waiting": 3.0, "held": 1.5}
BATCH_THICKNESS = 8.0
OUTCOMES = {
    "retry": "failed, to be tried again", "error": "failed for good", "lost": "its worker was lost",
    "snoozed": "put off", "discarded": "given up",
}  # fmt: skip
PHASES = {
    "held": "held back", "queued": "waiting for a worker", "running": "running", "waiting": "waiting for a retry",
}  # fmt: skip

LEGEND = {
    ("held", ""): "held back",
    ("queued", ""): "waits for a worker",
    ("running", ""): "runs",
    ("running", "success"): "succeeded",
    ("running", "retry"): "failed, tried again",
    ("waiting", ""): "waits for a retry",
    ("running", "error"): "failed for good",
}

Address = Callable[[Item], str]


def timeline_figure(timeline: Timeline, address: Address) -> SafeString:
    """The picture in its scrolling box, its legend and notes, and the equivalent table."""
    context = {
        "timeline": timeline,
        "picture": timeline_svg(timeline, address),
        "rows": list(_rows(timeline, address)),
        "legend": [(_sample(*bar), words) for bar, words in LEGEND.items()],
    }
    return render_to_string("ops_console/pictures/timeline.html", context)


def timeline_svg(timeline: Timeline, address: Address) -> SafeString:
    bars = [bar for lane in timeline.lanes for bar in lane.bars]
    marks = [instant for bar in bars for instant in (bar.start, bar.end)] or [timeline.now]
    scale = Scale(marks, [(bar.start, bar.end) for bar in bars if bar.phase == "running"], width=CHART)
    bottom = HEAD + LANE * len(timeline.lanes)
    width, height = LABELS + CHART + 24, bottom + FOOT
    return tag(
        "svg",
        *(_row(lane, number, width) for number, lane in enumerate(timeline.lanes)),
        _axis(scale, bottom),
        *(_lane(lane, HEAD + LANE * number, scale, address) for number, lane in enumerate(timeline.lanes)),
        _now(timeline, scale, bottom),
        class_="pic pic-timeline",
        role="group",
        aria_label=f"Timeline: {counted(len(timeline.lanes), 'lane')} from {scale.start:%Y-%m-%d %H:%M:%S} UTC",
        width=width,
        height=height,
        viewBox=f"0 0 {width:.0f} {height:.0f}",
    )


def _sample(phase: str, outcome: str) -> SafeString:
    """A bar of the legend."""
    thick = THICKNESS[phase]
    state = f" was-{outcome}" if outcome else ""
    shape = tag(
        "rect",
        class_=f"pic-bar is-{phase}{state}",
        x=1,
        y=(16 - thick) / 2,
        width=22,
        height=thick,
        rx=2,
    )
    return tag("svg", shape, class_="pic", width=24, height=16, aria_hidden="true")


def _row(lane: Lane, number: int, width: float) -> SafeString:
    classes = "pic-lane-row" + (" is-odd" if number % 2 else "") + (" is-focus" if lane.is_focus else "")
    return tag("rect", class_=classes, x=0, y=HEAD + LANE * number, width=width, height=LANE)


def _axis(scale: Scale, bottom: float) -> SafeString:
    parts = []
    for x, label in scale.ticks():
        parts.append(tag("path", class_="pic-tick", d=f"M{LABELS + x:.1f} {HEAD - 4:.1f}V{bottom:.1f}"))
        parts.append(tag("text", label, class_="pic-tick-label", x=LABELS + x, y=HEAD - 9))
    for fold in scale.folds:
        words = took(fold.end - fold.start)
        left, middle = LABELS + fold.x, LABELS + fold.x + fold.width / 2
        zigzag = "".join(f"l{-4 if step % 2 else 4} 6" for step in range(int((bottom - HEAD) / 6)))
        parts.append(
            tag(
                "g",
                tag("title", f"{words} in which nothing ran, folded"),
                tag("rect", class_="pic-fold", x=left, y=HEAD, width=fold.width, height=bottom - HEAD),
                tag("path", class_="pic-fold-line", d=f"M{middle - 2:.1f} {HEAD:.1f}{zigzag}"),
                tag("text", words, class_="pic-fold-label", x=middle, y=bottom + 11),
            )
        )
    return tag("g", *parts, class_="pic-axis")


def _lane(lane: Lane, y: float, scale: Scale, address: Address) -> SafeString:
    item = lane.item
    name = item.name.rpartition(".")[2] + (f" × {item.size:,}" if item.kind == "batch" else "")
    label = tag(
        "a",
        tag("title", f"{item.kind} {item.name}, {item.status}"),
        tag("rect", class_="pic-lane-hit", x=0, y=y, width=LABELS - 8, height=LANE, rx=4),
        icon(item.kind, 8, y + 7),
        icon("healed" if item.healed_by else item.status, 26, y + 7),
        tag("text", cut(name, LABELS - 58, 12.5), class_="pic-name", aria_hidden="true", x=44, y=y + 18.5),
        href=address(item),
        aria_current="true" if lane.is_focus else None,
    )
    tries = sum(bar.phase == "running" for bar in lane.bars)
    thickest = BATCH_THICKNESS if item.kind == "batch" else LANE
    bars = (_bar(bar, y + LANE / 2, scale, thickest, is_numbered=tries > 1) for bar in lane.bars)
    return tag("g", label, *bars, class_="pic-lane")


def _bar(bar: Bar, middle: float, scale: Scale, thickest: float, *, is_numbered: bool) -> SafeString:
    left, right = scale.x(bar.start), scale.x(bar.end)
    thick = min(THICKNESS[bar.phase], thickest)
    width = max(right - left, 3.0 if bar.phase == "running" else 0.5)
    state = f" was-{bar.outcome}" if bar.outcome else ""
    shape = tag(
        "rect",
        class_=f"pic-bar is-{bar.phase}{state}",
        x=LABELS + left,
        y=middle - thick / 2,
        width=width,
        height=thick,
        rx=2 if width > 6 else None,
    )
    number = []
    if is_numbered and bar.phase == "running" and width > 16:
        number = [tag("text", bar.attempt, class_="pic-try", x=LABELS + left + width / 2, y=middle + 3.5)]
    return tag("g", tag("title", describe(bar)), shape, *number)


def describe(bar: Bar) -> str:
    """The bar in words, for its tooltip."""
    words = [f"{PHASES[bar.phase]} for {took(bar.end - bar.start)}"]
    if bar.phase == "running":
        words[0] = f"try {bar.attempt}, {words[0]}"
    words += [OUTCOMES.get(bar.outcome, bar.outcome), bar.note]
    return ", ".join(filter(None, words)) + f"\n{_clock(bar.start)} to {_clock(bar.end)} UTC"


def _now(timeline: Timeline, scale: Scale, bottom: float) -> SafeString:
    """A line at the present, when something is still going on."""
    if not any(lane.item.status in UNFINISHED for lane in timeline.lanes):
        return join([])
    x = LABELS + scale.x(timeline.now)
    return tag("path", tag("title", "now"), class_="pic-now", d=f"M{x:.1f} {HEAD - 6:.1f}V{bottom:.1f}")


def _rows(timeline: Timeline, address: Address) -> Iterator[dict[str, object]]:
    begin = min((bar.start for lane in timeline.lanes for bar in lane.bars), default=timeline.now)
    for lane in timeline.lanes:
        for bar in lane.bars:
            yield {
                "item": lane.item,
                "address": address(lane.item),
                "phase": PHASES[bar.phase],
                "attempt": bar.attempt if bar.phase == "running" else "",
                "after": took(bar.start - begin) if bar.start > begin else "at once",
                "took": took(bar.end - bar.start),
                "outcome": OUTCOMES.get(bar.outcome, bar.outcome) or bar.note,
            }


def _clock(at: datetime) -> str:
    return f"{at:%H:%M:%S}.{at.microsecond // 1000:03d}"
