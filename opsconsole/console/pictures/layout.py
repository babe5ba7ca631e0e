"""A layered layout for directed graphs: columns by longest path, rows by barycentre and least squares."""

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

Key = Hashable
Edge = tuple[Key, Key]
Bend = tuple[int, float]

SWEEPS = 4
BEND_ROOM = 0.5  # an edge passing between two nodes needs half the room of a node


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything goes, in columns and rows; the caller decides what a unit is worth.

    `bends` holds, for every edge that could be drawn, the points between its two ends.
    """

    columns: dict[Key, int]
    rows: dict[Key, float]
    bends: dict[Edge, tuple[Bend, ...]]

    @property
    def column_count(self) -> int:
        return 1 + max(self.columns.values(), default=-1)

    @property
    def row_span(self) -> float:
        """The distance from the first to the last row, that of a bend among them."""
        bends = (row for chain in self.bends.values() for _, row in chain)
        return max([*self.rows.values(), *bends], default=0.0)


def layered(nodes: Sequence[Key], edges: Iterable[Edge]) -> Layout:
    """Lay out `nodes`, causes to the left of effects.

    Nodes that share a cause keep the order in which they are given. Edges that would close a circle
    count for nothing in the layout, but are still drawn, from end to end.
    """
    wanted = [edge for edge in dict.fromkeys(edges) if edge[0] != edge[1]]
    forward = _without_circles(nodes, wanted)
    columns = _longest_paths(nodes, forward)
    layers, links, chains = _with_dummies(nodes, forward, columns)
    order = _fewest_crossings(layers, links)
    rows = _placed(order, links)
    bends = {edge: tuple((column, rows[dummy]) for column, dummy in chain) for edge, chain in chains.items()}
    bends.update({edge: () for edge in wanted if edge not in bends})
    return Layout(columns, {node: rows[node] for node in nodes}, bends)


def _without_circles(nodes: Sequence[Key], edges: Sequence[Edge]) -> list[Edge]:
    """The edges less those that lead back to a node on the path that led there."""
    targets = defaultdict(list)
    for source, target in edges:
        targets[source].append(target)
    has_cause = {target for _, target in edges}
    open_, done, kept = set(), set(), []
    for root in sorted(nodes, key=lambda node: node in has_cause):
        stack = [(root, iter(targets[root]))] if root not in done else []
        open_.add(root)
        while stack:
            node, rest = stack[-1]
            target = next(rest, None)
            if target is None:
                stack.pop()
                open_.discard(node)
                done.add(node)
            elif target not in open_:
                kept.append((node, target))
                if target not in done:
                    open_.add(target)
                    stack.append((target, iter(targets[target])))
    return kept


def _longest_paths(nodes: Sequence[Key], edges: Sequence[Edge]) -> dict[Key, int]:
    targets, waiting = defaultdict(list), dict.fromkeys(nodes, 0)
    for source, target in edges:
        targets[source].append(target)
        waiting[target] += 1
    columns = dict.fromkeys(nodes, 0)
    ready = [node for node in nodes if not waiting[node]]
    for node in ready:
        for target in targets[node]:
            columns[target] = max(columns[target], columns[node] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return columns


def _with_dummies(nodes: Sequence[Key], edges: Sequence[Edge], columns: dict[Key, int]) -> tuple[
    list[list[Key]], list[Edge], dict[Edge, list[tuple[int, Key]]]
]:  # fmt: skip
    """Nodes and the bends of long edges by column, in the order of a walk; links between neighbours only."""
    links: list[Edge] = []
    chains: dict[Edge, list[tuple[int, Key]]] = {}
    column_of = dict(columns)
    for edge in edges:
        source, target = edge
        chain: list[tuple[int, Key]] = [
            (column, ("bend", edge, column)) for column in range(columns[source] + 1, columns[target])
        ]
        chains[edge] = chain
        stations = [source, *(dummy for _, dummy in chain), target]
        links.extend(pairwise(stations))
        column_of.update({dummy: column for column, dummy in chain})
    targets = defaultdict(list)
    for source, target in links:
        targets[source].append(target)
    layers: list[list[Key]] = [[] for _ in range(1 + max(columns.values(), default=-1))]
    seen = set()
    for root in nodes:
        stack = [root] if columns[root] == 0 else []
        while stack:
            node = stack.pop()
            if node not in seen:
                seen.add(node)
                layers[column_of[node]].append(node)
                stack.extend(reversed(targets[node]))
    return layers, links, chains


def _fewest_crossings(layers: list[list[Key]], links: Sequence[Edge]) -> list[list[Key]]:
    """Sweep back and forth, each column sorted by the mean place of its neighbours; keep the best seen."""
    left, right = _neighbours(links)
    best, fewest = layers, _crossings(layers, right)
    current = layers
    for sweep in range(SWEEPS):
        if not fewest:
            break
        current = _swept(current, left if sweep % 2 == 0 else right, backwards=sweep % 2 == 1)
        crossings = _crossings(current, right)
        if crossings < fewest:
            best, fewest = current, crossings
    return best


def _swept(layers: list[list[Key]], neighbours: dict[Key, list[Key]], *, backwards: bool) -> list[list[Key]]:
    swept = [list(layer) for layer in layers]
    for column in reversed(range(len(swept))) if backwards else range(len(swept)):
        beside = column + 1 if backwards else column - 1
        if not 0 <= beside < len(swept):
            continue
        place = {node: number for number, node in enumerate(swept[beside])}
        own = {node: number for number, node in enumerate(swept[column])}
        swept[column].sort(key=lambda node: _mean([place[near] for near in neighbours[node]], own[node]))
    return swept


def _crossings(layers: list[list[Key]], right: dict[Key, list[Key]]) -> int:
    total = 0
    for layer, following in pairwise(layers):
        place = {node: number for number, node in enumerate(following)}
        ends: list[int] = []
        for node in layer:
            own = sorted(place[target] for target in right[node])
            total += sum(len(ends) - bisect_right(ends, end) for end in own)
            for end in own:
                insort(ends, end)
    return total


def _placed(layers: list[list[Key]], links: Sequence[Edge]) -> dict[Key, float]:
    """Rows for the nodes of each column, near their neighbours, never closer than they have room for."""
    left, right = _neighbours(links)
    rows = {node: float(number) for layer in layers for number, node in enumerate(layer)}
    for turn in range(2 * SWEEPS):
        towards = right if turn % 2 == 0 else left
        for layer in reversed(layers) if turn % 2 == 0 else layers:
            wanted = [_mean([rows[near] for near in towards[node]], rows[node]) for node in layer]
            rows.update(zip(layer, _spread(layer, wanted), strict=True))
    top = min(rows.values(), default=0.0)
    return {node: row - top for node, row in rows.items()}


def _spread(layer: list[Key], wanted: list[float]) -> list[float]:
    """The rows closest to `wanted`, by least squares, that keep order and distance (pool adjacent violators)."""
    offsets, offset = [], 0.0
    for above, node in zip([None, *layer], layer, strict=False):
        if above is not None:
            offset += (_room(above) + _room(node)) / 2
        offsets.append(offset)
    pools: list[tuple[float, int]] = []
    for want, shift in zip(wanted, offsets, strict=True):
        value, size = want - shift, 1
        while pools and pools[-1][0] > value:
            above_value, above_size = pools.pop()
            value = (value * size + above_value * above_size) / (size + above_size)
            size += above_size
        pools.append((value, size))
    values = [value for value, size in pools for _ in range(size)]
    return [value + shift for value, shift in zip(values, offsets, strict=True)]


def _room(node: Key) -> float:
    return BEND_ROOM if isinstance(node, tuple) and node[:1] == ("bend",) else 1.0


def _neighbours(links: Sequence[Edge]) -> tuple[dict[Key, list[Key]], dict[Key, list[Key]]]:
    left, right = defaultdict(list), defaultdict(list)
    for source, target in links:
        left[target].append(source)
        right[source].append(target)
    return left, right


def _mean(values: list[float], default: float) -> float:
    return sum(values) / len(values) if values else default
