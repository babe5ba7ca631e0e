"""Batches: listed, shown, and acted upon."""

from typing import Any
from uuid import UUID

from ninja import Query

from opsconsole.api.mounting import Router
from opsconsole.api.needing import needs
from opsconsole.api.paging import Page, next_of
from opsconsole.api.problems import problems_of
from opsconsole.api.requests import ApiRequest
from opsconsole.api.resources import acts
from opsconsole.api.resources.filters import BatchesWanted, filter_of, page_of
from opsconsole.api.resources.finding import found
from opsconsole.api.resources.lineage import LineageWanted, lineage_of
from opsconsole.api.resources.shown import BatchBrief, BatchShown
from opsconsole.engine.models import Batch
from opsconsole.engine.queries import details, lists

router = Router()


@router.get("", response=Page[BatchBrief])
@needs("ops_engine.view_batch")
def list_(request: ApiRequest, wanted: Query[BatchesWanted]) -> Any:
    """Batches, the newest first."""
    narrowed = filter_of("batch", wanted, request.caller)
    page = page_of(lists.BATCHES, narrowed, wanted)
    return Page[BatchBrief](items=list(map(BatchBrief.model_validate, page.rows)), next=next_of(request, page.older))


def find(request: ApiRequest, identifier: UUID) -> Batch:
    return found(request, Batch, identifier)


acts.offer(router, "batch", find)


@router.get("/{identifier}", response={200: BatchShown, **problems_of(404)})
@needs("ops_engine.view_batch")
def show(request: ApiRequest, identifier: UUID, lineage: LineageWanted = "full") -> Any:
    """One batch with its flow; its members are the commands with `batch` in their list."""
    batch: Any = find(request, identifier)
    known = details.member_totals(batch)
    batch.members, batch.is_bounded = known.counts, known.is_bounded
    batch.lineage = lineage_of(batch, request.caller, lineage)
    return BatchShown.model_validate(batch)
