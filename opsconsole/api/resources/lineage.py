"""The flow of a row, as far as the caller may see it."""

from typing import Annotated, Any, Literal

from pydantic import Field

from opsconsole.api.callers import Caller
from opsconsole.api.resources.shown import Lineage
from opsconsole.engine.queries.flows import read_flow
from opsconsole.engine.queries.lineage import graph_of

LineageWanted = Annotated[
    Literal["full", "none"],
    Field(description="none: without its flow, which takes longer to read than the rest."),
]


def lineage_of(row: Any, caller: Caller, wanted: LineageWanted) -> Lineage | None:
    """Everything that shares the row's correlation id; nothing of another tenant than the caller's."""
    if wanted == "none":
        return None
    graph = graph_of(read_flow(row.correlation_id, (row._meta.model_name, row.pk), caller.tenant))
    nodes = [
        {
            "key": node.key,
            "kind": node.item.kind,
            "id": node.item.id,
            "name": node.item.name,
            "status": node.status,
            "items": len(node.items),
            "counts": node.counts,
            "is_partial": node.is_partial,
            "step": node.step,
        }
        for node in graph.nodes
    ]
    links = [{"source": link.source, "target": link.target, "kind": link.kind} for link in graph.links]
    return Lineage.model_validate(
        {"nodes": nodes, "links": links, "hidden": graph.hidden, "is_cut": graph.is_cut}, by_name=True
    )
