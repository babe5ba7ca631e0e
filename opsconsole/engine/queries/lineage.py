"""The graph of a flow: who caused whom, with large fan-outs folded so that a person can read it."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

from opsconsole.engine.queries.flows import Flow, Key, read_flow
from opsconsole.engine.queries.items import Item

FAN_OUT = 8  # so many alike beside each other stay single; more become one counted node
NODES = 300
WORST_FIRST = ("error", "processing", "pending", "awaiting", "cancelled", "healed", "success")


@dataclass(slots=True)
class Node:
    """One item of the graph, or a fold of many alike.

    `counts` holds the items of a fold, or the members of a batch, by status ("healed": failed, made good).
    `is_partial`: there are more than `counts` tells.
    """

    items: list[Item]
    is_focus: bool = False
    is_partial: bool = False
    counts: dict[str, int] = field(default_factory=dict)
    step: str = ""

    @property
    def item(self) -> Item:
        return self.items[0]

    @property
    def is_fold(self) -> bool:
        return len(self.items) > 1

    @property
    def key(self) -> str:
        return f"{'fold' if self.is_fold else self.item.kind}-{self.item.id}"

    @property
    def status(self) -> str:
        """The item's own; of a fold the one that needs most attention."""
        if not self.is_fold:
            return self.item.status
        return next((status for status in WORST_FIRST if self.counts.get(status)), self.item.status)


@dataclass(frozen=True, slots=True)
class Link:
    """An arrow; `kind` is "cause", "reprocess", "next" (end of a batch) or "step" (order of a workflow)."""

    source: str
    target: str
    kind: str


@dataclass(slots=True)
class Graph:
    """`hidden` counts nodes left out because the picture would be too large; `is_cut`: rows were left unread."""

    correlation_id: UUID
    nodes: list[Node]
    links: list[Link]
    hidden: int = 0
    is_cut: bool = False


def lineage(correlation_id: UUID, focus: Key | None = None) -> Graph:
    """The graph around `focus`, a (kind, id); of the whole flow's beginning and end without one."""
    return graph_of(read_flow(correlation_id, focus))


def graph_of(flow: Flow) -> Graph:
    parents = _parents(flow)
    nodes = _folded(flow, parents)
    node_of = {key: node for node in nodes for key in map(_key, node.items)}
    links = dict.fromkeys(
        Link(node_of[source].key, node_of[target].key, kind)
        for target, sources in parents.items()
        for source, kind in sources
    )
    kept = _nearest(nodes, links)
    shown = {node.key for node in kept}
    return Graph(
        flow.correlation_id,
        kept,
        [link for link in links if {link.source, link.target} <= shown],
        hidden=len(nodes) - len(kept),
        is_cut=flow.is_cut,
    )


def _parents(flow: Flow) -> dict[Key, list[tuple[Key, str]]]:
    """For each item, what points to it and how."""
    ordered = _step_order(flow)
    parents = {}
    for key, item in flow.items.items():
        cause = flow.cause_of(item)
        if key in ordered:
            parents[key] = [(source, "step") for source in ordered[key]]
        elif cause is not None:
            kind = {"reprocess": "reprocess", "batch": "next"}.get(item.cause_kind, "cause")
            parents[key] = [(cause, kind)]
        else:
            parents[key] = []
    return parents


def _step_order(flow: Flow) -> dict[Key, list[Key]]:
    """What each step of a workflow waits for; the workflow itself for those that wait for none."""
    target_of = {(step.workflow_id, step.name): (step.target_kind, step.target_id) for step in flow.steps}
    order = {}
    for step in flow.steps:
        before = [target_of.get((step.workflow_id, name)) for name in step.after] or [("workflow", step.workflow_id)]
        key = (step.target_kind, step.target_id)
        if key in flow.items:
            order[key] = [source for source in before if source in flow.items]
    return order


def _folded(flow: Flow, parents: dict[Key, list[tuple[Key, str]]]) -> list[Node]:
    """One node an item; where more than FAN_OUT alike hang on one node, one for all of them."""
    effects, singles = defaultdict(list), _never_folded(flow, parents)
    for key, sources in parents.items():
        if len(sources) == 1 and key not in singles:
            effects[sources[0][0]].append(key)
    steps = {(step.target_kind, step.target_id): step.name for step in flow.steps}
    roots = [key for key, sources in parents.items() if len(sources) != 1 or key in singles]
    nodes, waiting = [], deque(_groups(flow, roots, singles))
    while waiting:
        keys = waiting.popleft()
        nodes.append(_node(flow, keys, steps.get(keys[0], "")))
        waiting.extend(_groups(flow, [effect for key in keys for effect in effects[key]], singles))
    return sorted(nodes, key=lambda node: (node.item.created_at, node.item.id))


def _never_folded(flow: Flow, parents: dict[Key, list[tuple[Key, str]]]) -> set[Key]:
    """The steps of workflows, the focus, and everything that led to it."""
    steps = {key for key, sources in parents.items() if any(kind == "step" for _, kind in sources)}
    way: set[Key] = set()
    ahead = [flow.focus] if flow.focus in flow.items else []
    while ahead:
        key = ahead.pop()
        if key is not None and key not in way:
            way.add(key)
            ahead.extend(source for source, _ in parents[key])
    return steps | way


def _groups(flow: Flow, keys: Iterable[Key], singles: set[Key]) -> Iterator[list[Key]]:
    """`keys` one by one, or together where there are too many of a kind and name."""
    alike = defaultdict(list)
    for key in keys:
        item = flow.items[key]
        alike[key if key in singles else (item.kind, item.name)].append(key)
    for group in alike.values():
        if len(group) > FAN_OUT:
            yield group
        else:
            yield from ([key] for key in group)


def _node(flow: Flow, keys: list[Key], step: str) -> Node:
    items = [flow.items[key] for key in keys]
    if len(items) > 1:
        counts = Counter("healed" if item.healed_by else item.status for item in items)
        return Node(items, counts=dict(counts), is_partial=flow.is_cut)
    (item,) = items
    return Node(items, keys[0] == flow.focus, item.more_members, item.members, step)


def _nearest(nodes: list[Node], links: Iterable[Link]) -> list[Node]:
    """At most NODES of them, those fewest arrows away from the focus."""
    if len(nodes) <= NODES:
        return nodes
    beside = defaultdict(list)
    for link in links:
        beside[link.source].append(link.target)
        beside[link.target].append(link.source)
    start = next((node for node in nodes if node.is_focus), nodes[0])
    reached, waiting = {start.key: None}, deque([start.key])
    while waiting and len(reached) < NODES:
        for key in beside[waiting.popleft()]:
            if key not in reached and len(reached) < NODES:
                reached[key] = None
                waiting.append(key)
    return [node for node in nodes if node.key in reached]


def _key(item: Item) -> Key:
    return (item.kind, item.id)
