"""State machines of any shape: drawn whole, what was made told from what could be, and the same as a list."""

import re

from opsconsole.console.pictures.machine import Machine, machine_figure, machine_svg
from opsconsole.kernel.lifecycle import Lifecycle

LOOPS = Lifecycle({"idle": {"busy"}, "busy": {"busy", "idle", "done", "failed"}, "failed": {"idle"}, "done": set()})


def machine(current: str = "busy", **made: int) -> Machine:
    moves = {tuple(move.split("_to_")): count for move, count in made.items()}
    return Machine("tests.machine", LOOPS, current, moves, "stuck")  # type: ignore[arg-type]


def numbers(svg: str, name: str) -> list[float]:
    return [float(found) for found in re.findall(rf' {name}="([-\d.]+)"', svg)]


def test_every_state_and_every_move_is_drawn_within_the_picture() -> None:
    svg = machine_svg(machine())
    assert svg.count('class="pic-stage') == 4
    assert svg.count('class="pic-link') == 6
    width, height = numbers(svg, "width")[0], numbers(svg, "height")[0]
    assert all(0 <= x <= width for x in numbers(svg, "x"))
    assert all(0 <= y <= height for y in numbers(svg, "y"))
    assert min(float(y) for y in re.findall(r"[VM ](-?\d+\.\d) ", svg)) >= 0


def test_moves_made_are_strong_and_those_made_often_are_numbered() -> None:
    svg = machine_svg(machine(idle_to_busy=1, busy_to_busy=3))
    assert svg.count("pic-link is-used") == 2
    assert "3×" in svg and "1×" not in svg


def test_the_state_it_is_in_bears_how_it_stands_others_what_they_are() -> None:
    svg = machine_svg(machine(idle_to_busy=1))
    assert "pic-stage is-stuck is-current" in svg
    assert "pic-stage is-live is-passed" in svg
    assert "pic-stage is-ended is-ahead" in svg


def test_a_move_that_is_no_longer_declared_is_drawn_since_it_was_made() -> None:
    assert machine_svg(machine("done", idle_to_done=1)).count('class="pic-link') == 7


def test_no_two_states_lie_upon_each_other() -> None:
    svg = machine_svg(machine())
    corners = re.findall(r'<rect class="pic-box" x="([\d.]+)" y="([\d.]+)"', svg)
    assert len(set(corners)) == 4


def test_names_are_escaped_and_long_ones_cut_with_the_whole_in_the_title() -> None:
    evil = "<script>" + "x" * 60
    svg = machine_svg(Machine("m", Lifecycle({evil: set()}), evil, {("", evil): 1}, "live"))
    assert "<script>" not in svg and "…" in svg
    assert f"&lt;script&gt;{'x' * 60}: now" in svg


def test_the_list_tells_the_same() -> None:
    html = machine_figure(machine(idle_to_busy=2, busy_to_failed=1), "1")
    text = " ".join(re.sub(r"<[^>]+>", "", html.split("The same as a list")[1]).split())
    assert "from idle to busy: made 2 times; it is there now" in text
    assert "from busy to failed: made" in text
    assert "from busy to done" in text
