"""The lineage of a flow as a picture, causes left of effects, and the same as a nested list."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from opsconsole.console.pictures.graph import Arrow, Box, graph_svg
from opsconsole.console.pictures.svg import join, tag
from opsconsole.console.words import counted, took
from opsconsole.engine.queries.lineage import Graph, Link, Node

Address = Callable[[Node], str]


def lineage_figure(graph: Graph, address: Address) -> SafeString:
    """The picture in its scrolling box, its notes, and the equivalent list; `address` tells where nodes lead."""
    return render_to_string(
        "ops_console/pictures/lineage.html",
        {"graph": graph, "picture": lineage_svg(graph, address), "list": lineage_list(graph, address)},
    )


def lineage_svg(graph: Graph, address: Address) -> SafeString:
    nodes = {node.key: node for node in graph.nodes}
    return graph_svg(
        [_box(node, address(node)) for node in graph.nodes],
        [Arrow(link.source, link.target, link.kind, _caption(link, nodes[link.target])) for link in graph.links],
        label=f"Lineage: {counted(len(graph.nodes), 'node')}, causes left of effects",
        css="pic-lineage",
    )


def lineage_list(graph: Graph, address: Address) -> SafeString:
    """The graph as nested lists; a node with several causes stands below the first."""
    effects, caused = defaultdict(list), set()
    nodes = {node.key: node for node in graph.nodes}
    for link in graph.links:
        if link.target not in caused:
            caused.add(link.target)
            effects[link.source].append(nodes[link.target])
    return _nested([node for node in graph.nodes if node.key not in caused], effects, address)


def state_of(node: Node) -> str:
    """The status to show: a failed command that a reprocessing made good is healed."""
    return "healed" if node.item.healed_by and not node.is_fold else node.status


def detail(node: Node) -> str:
    """What else matters at a glance: members done, tries spent, time taken."""
    item = node.item
    if node.is_fold:
        return counted(len(node.items), item.kind, "batches" if item.kind == "batch" else "")
    if item.kind == "batch":
        done = sum(node.counts.get(status, 0) for status in ("success", "healed"))
        return f"{item.size:,} members" if node.is_partial else f"{done:,} of {item.size:,}"
    if item.attempts > 1:
        return counted(item.attempts, "try", "tries")
    if item.started_at and item.ended_at and item.status == "success":
        return took(item.ended_at - item.started_at)
    return ""


def _box(node: Node, address: str) -> Box:
    item = node.item
    aside, _, name = item.name.rpartition(".")
    more = "+" if node.is_partial else ""
    kind = f"{len(node.items)}{more} alike, {item.kind}" if node.is_fold else item.kind
    about = [f"{kind} {item.name}", state_of(node), detail(node), node.step and f"step {node.step}"]
    described = ", ".join(filter(None, about))
    return Box(
        key=node.key,
        kind=item.kind,
        status=state_of(node),
        name=f"{len(node.items)}{more} × {name}" if node.is_fold else name,
        word=" · ".join(filter(None, [state_of(node), detail(node)])),
        aside=node.step or aside,
        address=address,
        described=described,
        hint=f"created {item.created_at:%Y-%m-%d %H:%M:%S} UTC\n{item.error_class}",
        counts=node.counts,
        is_stack=node.is_fold or item.kind == "batch",
        is_focus=node.is_focus,
    )


def _caption(link: Link, target: Node) -> str:
    if link.kind == "next":
        return f"on {target.item.release_on}" if target.item.release_on else ""
    return "reprocess" if link.kind == "reprocess" else ""


def _nested(nodes: Sequence[Node], effects: dict[str, list[Node]], address: Address) -> SafeString:
    """Depth first on a stack of its own: a chain of commands may be deeper than Python's."""
    parts: list[SafeString] = []
    ahead: list[Node | SafeString] = _level(nodes)
    while ahead:
        entry = ahead.pop()
        if not isinstance(entry, Node):
            parts.append(entry)
            continue
        link = tag("a", entry.item.name, href=address(entry), aria_current="true" if entry.is_focus else None)
        words = f" {entry.item.kind}, {', '.join(filter(None, [state_of(entry), detail(entry)]))}"
        parts.append(join([SafeString("<li>"), link, tag("span", words, class_=f"pic-state is-{state_of(entry)}")]))
        ahead.append(SafeString("</li>"))
        if children := effects.get(entry.key):
            ahead.extend(_level(children))
    return join(parts)


def _level(nodes: Sequence[Node]) -> list[Node | SafeString]:
    """What to work off for one level of the list, last first."""
    return [SafeString("</ul>"), *reversed(nodes), SafeString("<ul>")]
