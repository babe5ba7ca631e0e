"""Markup that is safe, strict about styles, and readable without a picture."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4
from xml.etree import ElementTree

import pytest

from opsconsole.console.pictures.bars import segments, share_bar, sparkline
from opsconsole.console.pictures.lifecycle import lifecycle_svg
from opsconsole.console.pictures.lineage import lineage_figure, lineage_list, lineage_svg
from opsconsole.console.pictures.scale import Scale, after
from opsconsole.console.pictures.svg import cut, tag, text_width
from opsconsole.console.pictures.timeline import timeline_figure, timeline_svg
from opsconsole.console.pictures.way import LIFECYCLES, way_to
from opsconsole.console.pictures.workflow import workflow_svg
from opsconsole.engine.models import Step
from opsconsole.engine.queries.items import Item
from opsconsole.engine.queries.lineage import Graph, Link, Node
from opsconsole.engine.queries.timeline import Bar, Lane, Timeline
from opsconsole.engine.states import BATCH, COMMAND, EVENT, STEP, WORKFLOW

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
NASTY = """t.<script>alert("1")</script>&'"""


def an_item(name: str = "t.item", kind: str = "command", status: str = "success", **fields: Any) -> Item:
    return Item(
        kind=kind, id=uuid4(), name=name, status=status, cause_kind="", cause_id=None, created_at=START, **fields
    )


def a_graph(*nodes: Node, kind: str = "cause", **fields: Any) -> Graph:
    """The first node caused the others."""
    links = [Link(nodes[0].key, node.key, kind) for node in nodes[1:]]
    return Graph(uuid4(), list(nodes), links, **fields)


def address(node: Node | Item | Step) -> str:
    item = node.item if isinstance(node, Node) else node
    return f"/{getattr(item, 'kind', 'step')}/{item.id}/?a=1&b=2"


def seconds(number: float) -> datetime:
    return START + timedelta(seconds=number)


def a_timeline(*lanes: Lane, now: float = 100, **fields: Any) -> Timeline:
    return Timeline(uuid4(), lanes, seconds(now), **fields)


def parsed(markup: str) -> ElementTree.Element:
    return ElementTree.fromstring(markup)


def texts(markup: str) -> list[str]:
    return [element.text or "" for element in parsed(markup).iter("text")]


def every_picture() -> dict[str, str]:
    nodes = [Node([an_item(NASTY)], is_focus=True), Node([an_item(NASTY, "batch")], counts={"error": 2})]
    lane = Lane(an_item(NASTY), (Bar("running", START, seconds(2), 1, "error", NASTY),), True)
    step = Step(id=uuid4(), name=NASTY, number=1, after=[], target_kind="command", status="success")
    return {
        "lineage": lineage_figure(a_graph(*nodes), address),
        "timeline": timeline_figure(a_timeline(lane), address),
        "workflow": workflow_svg(NASTY, [step], address),
        "lifecycle": lifecycle_svg(COMMAND, "pending"),
        "bars": sparkline([1], label=NASTY) + share_bar(1, 1, 2),
    }


@pytest.mark.parametrize("name", every_picture())
def test_nothing_inline_and_nothing_unescaped(name: str) -> None:
    markup = every_picture()[name]
    assert "<script" not in markup
    assert " style=" not in markup
    assert not re.search(r"\son\w+=", markup)
    for svg in re.findall(r"<svg.*?</svg>", markup, re.DOTALL):
        parsed(svg)


def test_attributes_and_children_are_escaped() -> None:
    assert tag("a", "<b>", href='"x"&') == '<a href="&quot;x&quot;&amp;">&lt;b&gt;</a>'


def test_numbers_are_written_short_and_none_not_at_all() -> None:
    assert tag("rect", x=2.04, y=3.0, rx=None, stroke_width=1) == '<rect x="2" y="3" stroke-width="1"></rect>'


def test_a_text_is_cut_to_its_room() -> None:
    assert cut("short", 100, 12) == "short"
    long = cut("a_very_long_name_indeed", 60, 12)
    assert long.endswith("…") and text_width(long, 12) <= 60


def test_every_node_is_a_link_that_says_what_it_is() -> None:
    node = Node([an_item("t.send", status="error", attempts=3)])
    (link,) = parsed(lineage_svg(a_graph(node), address)).iter("a")
    assert link.get("href") == f"/command/{node.item.id}/?a=1&b=2"
    (title,) = link.iter("title")
    assert (title.text or "").splitlines()[0] == "command t.send, error, 3 tries"


def test_a_status_is_an_icon_and_a_word_besides_a_colour() -> None:
    svg = lineage_svg(a_graph(Node([an_item(status="cancelled")])), address)
    assert "#cancelled" in svg and "cancelled" in texts(svg) and "is-cancelled" in svg


def test_a_healed_failure_is_told_apart_from_a_failure() -> None:
    svg = lineage_svg(a_graph(Node([an_item(status="error", healed_by=uuid4())])), address)
    assert "#healed" in svg and "healed" in texts(svg)


def test_the_item_looked_at_is_marked_for_eye_and_ear() -> None:
    svg = lineage_svg(a_graph(Node([an_item()]), Node([an_item()], is_focus=True)), address)
    (link,) = [link for link in parsed(svg).iter("a") if link.get("aria-current") == "true"]
    assert "pic-halo" in [child.get("class") for child in link]


def test_a_batch_tells_how_many_members_are_done() -> None:
    batch = an_item("t.letters", "batch", "processing", size=300)
    svg = lineage_svg(a_graph(Node([batch], counts={"success": 280, "healed": 5, "error": 15})), address)
    assert "processing · 285 of 300" in texts(svg)
    assert sum("pic-share" in (rect.get("class") or "") for rect in parsed(svg).iter("rect")) == 3


def test_a_fold_counts_what_it_stands_for() -> None:
    node = Node([an_item("t.many") for _ in range(12)], counts={"success": 12}, is_partial=True)
    assert "12+ × many" in texts(lineage_svg(a_graph(node), address))


def test_the_way_on_from_a_batch_says_when() -> None:
    effect = Node([an_item(release_on="failure")])
    assert "on failure" in texts(lineage_svg(a_graph(Node([an_item(kind="batch")]), effect, kind="next"), address))


def test_the_list_has_every_node_below_its_cause() -> None:
    graph = a_graph(*(Node([an_item(f"t.{name}")]) for name in ("cause", "one", "two")))
    listed = parsed(lineage_list(graph, address))
    assert [link.text for link in listed.iter("a")] == ["t.cause", "t.one", "t.two"]
    assert [link.text for link in listed.findall("./li/ul/li/a")] == ["t.one", "t.two"]


def test_what_is_not_shown_is_said() -> None:
    figure = lineage_figure(a_graph(Node([an_item()]), hidden=7, is_cut=True), address)
    assert "7 more" in figure and "too large" in figure


def test_lanes_have_bars_with_words() -> None:
    bars = (Bar("queued", START, seconds(1)), Bar("running", seconds(1), seconds(3), 2, "retry", "Refused"))
    svg = timeline_svg(a_timeline(Lane(an_item(), bars)), address)
    titles = [title.text or "" for title in parsed(svg).iter("title")]
    assert any(title.startswith("waiting for a worker for 1.00 s") for title in titles)
    assert any(title.startswith("try 2, running for 2.00 s, failed, to be tried again, Refused") for title in titles)


def test_the_table_says_the_same_as_the_bars() -> None:
    bars = (Bar("queued", START, seconds(1)), Bar("running", seconds(1), seconds(3), 1, "success"))
    figure = timeline_figure(a_timeline(Lane(an_item("t.send"), bars)), address)
    rows = re.findall(r"<tr>(.*?)</tr>", figure.partition("<tbody>")[2], re.DOTALL)
    cells = [re.sub(r"<[^>]*>", "|", row).split("|") for row in rows]
    assert [[cell for cell in row if cell.strip()] for row in cells] == [
        ["t.send", "waiting for a worker", "at once", "1.00 s"],
        ["t.send", "running", "1", "1.00 s", "2.00 s", "success"],
    ]


def test_a_line_marks_the_present_only_while_something_goes_on() -> None:
    bar = Bar("running", START, seconds(1))
    assert "pic-now" in timeline_svg(a_timeline(Lane(an_item(status="processing"), (bar,))), address)
    assert "pic-now" not in timeline_svg(a_timeline(Lane(an_item(), (bar,))), address)


def test_an_empty_timeline_is_a_picture_too() -> None:
    parsed(timeline_svg(a_timeline(), address))


def a_scale(*busy: tuple[float, float], marks: tuple[float, ...] = ()) -> Scale:
    stretches = [(seconds(start), seconds(end)) for start, end in busy]
    return Scale([seconds(at) for at in (*marks, *(edge for pair in busy for edge in pair))], stretches, width=780)


def test_long_idle_stretches_are_folded() -> None:
    scale = a_scale((0, 2), (1802, 1804))
    (fold,) = scale.folds
    assert (fold.start, fold.end) == (seconds(2), seconds(1802))
    assert scale.x(seconds(2)) > 300


def test_short_waits_are_drawn_to_scale() -> None:
    scale = a_scale((0, 2), (3, 5))
    assert scale.folds == []
    assert scale.x(seconds(2.5)) == pytest.approx(390)


def test_a_stretch_in_which_something_runs_is_never_folded() -> None:
    assert a_scale((0, 5_000), (4_000, 4_001)).folds == []


def test_time_never_runs_backwards_along_the_axis() -> None:
    scale = a_scale((0, 1), (500, 501), (9_000, 9_010), marks=(0.5, 3, 800))
    xs = [scale.x(seconds(at)) for at in (0, 0.5, 1, 3, 500, 501, 800, 9_000, 9_005, 9_010)]
    assert xs == sorted(xs)
    assert xs[-1] == pytest.approx(780)


def test_ticks_are_round_and_keep_their_distance() -> None:
    ticks = list(a_scale((0, 9)).ticks())
    assert [label for _, label in ticks] == ["0", *(f"+{number} s" for number in range(1, 10))]
    assert all(right[0] - left[0] > 60 for left, right in pairwise(ticks))


def test_ticks_are_written_as_people_say_them() -> None:
    assert [after(at) for at in (0, 0.2, 1.5, 90, 5_400, 90_000)] == [
        "0",
        "+200 ms",
        "+1.5 s",
        "+1 min 30 s",
        "+1 h 30 min",
        "+1 d 1 h",
    ]


@pytest.mark.parametrize("lifecycle", [EVENT, COMMAND, BATCH, WORKFLOW, STEP])
def test_a_lifecycle_shows_every_state_and_every_move(lifecycle: Any) -> None:
    svg = lifecycle_svg(lifecycle, lifecycle.states[0])
    assert sorted(texts(svg)) == sorted(lifecycle.states)
    moves = sum(len(targets) for targets in lifecycle.moves.values())
    assert len(list(parsed(svg).iter("path"))) == moves


def test_the_current_state_is_lit_and_the_way_to_it_marked() -> None:
    svg = parsed(lifecycle_svg(COMMAND, "error", ["pending", "processing"]))
    stages = {group.get("class") for group in svg.iter("g")}
    assert "pic-stage is-error is-current" in stages
    assert {"pic-stage is-pending is-passed", "pic-stage is-success is-ahead"} <= stages
    assert sum("is-used" in (path.get("class") or "") for path in svg.iter("path")) == 2


@pytest.mark.parametrize(
    ("item", "way"),
    [
        (an_item(status="pending"), []),
        (an_item(status="pending", attempts=1, started_at=START), ["pending", "processing"]),
        (an_item(status="processing", started_at=START), ["pending"]),
        (an_item(status="success", attempts=1, started_at=START), ["pending", "processing"]),
        (
            an_item(status="error", attempts=3, started_at=START),
            ["pending", "processing", "pending", "processing"],
        ),
        (an_item(status="cancelled"), ["pending"]),
        (an_item(status="cancelled", release_on="failure"), ["awaiting"]),
        (an_item(status="awaiting", release_on="success"), []),
        (
            an_item(status="success", attempts=1, started_at=START, step_id=uuid4()),
            ["awaiting", "pending", "processing"],
        ),
        (an_item(kind="workflow", status="error"), ["processing"]),
        (an_item(kind="workflow", status="processing"), []),
    ],
)
def test_the_way_so_far_is_read_off_the_row(item: Item, way: list[str]) -> None:
    assert way_to(item) == way
    assert all(LIFECYCLES[item.kind].allows(*move) for move in pairwise([*way, item.status]))


def test_a_workflow_shows_its_steps_in_their_order() -> None:
    steps = [
        Step(id=UUID(int=number), name=name, number=number, after=before, target_kind="command", status="success")
        for number, (name, before) in enumerate([("first", []), ("second", ["first"])], 1)
    ]
    svg = workflow_svg("t.flow", steps, address, focus=UUID(int=2))
    assert [text for text in texts(svg) if text in ("first", "second")] == ["first", "second"]
    assert "is-step" in svg and 'aria-current="true"' in svg


def test_shares_fill_their_room_and_the_smallest_stays_visible() -> None:
    drawn = parsed(tag("svg", segments({"success": 99_999, "error": 1}, 0, 0, 200, 4)))
    widths = [float(rect.get("width") or 0) for rect in drawn.iter("rect")]
    assert sum(widths) == pytest.approx(200, abs=0.2) and min(widths) >= 2


def test_shares_of_nothing_are_nothing() -> None:
    assert segments({"success": 0}, 0, 0, 200, 4) == ""


def test_a_sparkline_of_nothing_is_flat() -> None:
    parsed(sparkline([]))
    (line,) = parsed(sparkline([0, 0, 0], height=28)).iter("polyline")
    assert {point.split(",")[1] for point in (line.get("points") or "").split()} == {"25.0"}
