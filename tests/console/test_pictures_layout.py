"""Where boxes go."""

import random
import time
from itertools import combinations, pairwise

import pytest

from opsconsole.console.pictures.layout import Layout, layered


def rows_by_column(layout: Layout) -> dict[int, list[float]]:
    columns: dict[int, list[float]] = {}
    for node, column in layout.columns.items():
        columns.setdefault(column, []).append(layout.rows[node])
    return {column: sorted(rows) for column, rows in columns.items()}


def a_large_graph(size: int) -> tuple[list[int], list[tuple[int, int]]]:
    chance = random.Random(7)
    edges = [(chance.randrange(max(0, node - 12), node), node) for node in range(1, size)]
    return list(range(size)), edges


def test_effects_stand_right_of_their_causes() -> None:
    nodes, edges = a_large_graph(200)
    layout = layered(nodes, edges)
    assert all(layout.columns[cause] < layout.columns[effect] for cause, effect in edges)


def test_no_two_boxes_of_a_column_overlap() -> None:
    for rows in rows_by_column(layered(*a_large_graph(200))).values():
        assert all(lower - upper >= 0.999 for upper, lower in pairwise(rows))


def test_a_cause_stands_in_the_middle_of_its_effects() -> None:
    layout = layered("abcd", [("a", "b"), ("a", "c"), ("a", "d")])
    assert layout.rows["a"] == pytest.approx(layout.rows["c"])


def test_effects_keep_the_order_in_which_they_are_given() -> None:
    layout = layered("abcd", [("a", "b"), ("a", "c"), ("a", "d")])
    assert layout.rows["b"] < layout.rows["c"] < layout.rows["d"]


def test_the_arrows_of_a_tree_never_cross() -> None:
    nodes, edges = a_large_graph(120)
    layout = layered(nodes, edges)
    for (cause, effect), (other, its) in combinations(edges, 2):
        if layout.columns[cause] == layout.columns[other] and cause != other:
            assert (layout.rows[cause] < layout.rows[other]) == (layout.rows[effect] < layout.rows[its])


def test_a_long_arrow_bends_around_the_boxes_between() -> None:
    layout = layered("abc", [("a", "b"), ("b", "c"), ("a", "c")])
    ((column, row),) = layout.bends["a", "c"]
    assert column == layout.columns["b"]
    assert abs(row - layout.rows["b"]) >= 0.7


def test_the_height_counts_bends_too() -> None:
    layout = layered("abc", [("a", "b"), ("b", "c"), ("a", "c")])
    assert layout.row_span >= max(row for chain in layout.bends.values() for _, row in chain)


def test_a_circle_is_drawn_nevertheless() -> None:
    layout = layered("abc", [("a", "b"), ("b", "c"), ("c", "a")])
    assert [layout.columns[node] for node in "abc"] == [0, 1, 2]
    assert ("c", "a") in layout.bends


def test_a_box_that_points_to_itself_is_placed() -> None:
    assert layered("a", [("a", "a")]).columns == {"a": 0}


def test_nothing_is_an_empty_layout() -> None:
    layout = layered([], [])
    assert (layout.column_count, layout.row_span) == (0, 0.0)


def test_a_chain_deeper_than_the_stack_is_laid_out() -> None:
    nodes = list(range(3_000))
    assert layered(nodes, list(pairwise(nodes))).column_count == 3_000


def test_two_hundred_boxes_are_placed_at_once() -> None:
    nodes, edges = a_large_graph(200)
    took = []
    for _ in range(5):
        before = time.process_time()
        layered(nodes, edges)
        took.append(time.process_time() - before)
    assert min(took) < 0.03  # 5 ms on the machine this was written on
