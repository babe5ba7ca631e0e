"""Everything that one cause set off, as pictures whose nodes lead to their pages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode
from uuid import UUID

from django.utils.safestring import SafeString

from opsconsole.console.kinds import KINDS
from opsconsole.console.pictures.lineage import lineage_figure
from opsconsole.console.pictures.timeline import timeline_figure
from opsconsole.console.pictures.way import way_svg
from opsconsole.engine.queries.flows import read_flow
from opsconsole.engine.queries.items import Item, by_id
from opsconsole.engine.queries.lineage import Node, graph_of
from opsconsole.engine.queries.timeline import timeline_of


@dataclass(frozen=True, slots=True)
class Pictures:
    """`state` is the lifecycle of the item looked at; `is_alone`: the flow is this one item."""

    state: SafeString | str
    lineage: SafeString
    timeline: SafeString | str
    is_alone: bool
    is_empty: bool


def pictures(
    correlation_id: UUID,
    kind: str = "",
    identifier: UUID | None = None,
    *,
    more: Mapping[str, Iterable[UUID]] | None = None,
) -> Pictures:
    """The flow around an item, or the whole flow; with `more` items, by kind, that lie outside and belong to it."""
    flow = read_flow(correlation_id, (kind, identifier) if identifier else None)
    for outside, ids in (more or {}).items():
        flow.add(by_id(outside, ids))
    graph = graph_of(flow)
    times = timeline_of(flow)
    drawn = lineage_figure(graph, lambda node: _node_address(node, correlation_id))
    item = flow.items.get(flow.focus) if flow.focus else None
    return Pictures(
        way_svg(item) if item else "",
        drawn,
        timeline_figure(times, _address) if times.lanes else "",
        len(graph.nodes) <= 1,
        not graph.nodes,
    )


def _node_address(node: Node, correlation_id: UUID) -> str:
    if not node.is_fold:
        return _address(node.item)
    kind = KINDS[node.item.kind]
    return f"{kind.list_url}?{urlencode({'correlation': correlation_id, 'type': node.item.name})}"


def _address(item: Item) -> str:
    return KINDS[item.kind].url(item.id)
