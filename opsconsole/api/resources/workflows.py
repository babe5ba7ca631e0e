"""Workflows: listed, shown with their steps, and resumed."""

from typing import Any
from uuid import UUID

from ninja import Query

from opsconsole.api.mounting import Router
from opsconsole.api.needing import needs
from opsconsole.api.paging import Page, next_of
from opsconsole.api.problems import problems_of
from opsconsole.api.requests import ApiRequest
from opsconsole.api.resources import acts
from opsconsole.api.resources.filters import WorkflowsWanted, filter_of, page_of
from opsconsole.api.resources.finding import found
from opsconsole.api.resources.lineage import LineageWanted, lineage_of
from opsconsole.api.resources.shown import WorkflowBrief, WorkflowShown, WorkflowStep
from opsconsole.engine.models import Workflow
from opsconsole.engine.queries import lists

router = Router()

STEPS = 500


@router.get("", response=Page[WorkflowBrief])
@needs("ops_engine.view_workflow")
def list_(request: ApiRequest, wanted: Query[WorkflowsWanted]) -> Any:
    """Workflows, the newest first."""
    narrowed = filter_of("workflow", wanted, request.caller)
    page = page_of(lists.WORKFLOWS, narrowed, wanted)
    shown = list(map(WorkflowBrief.model_validate, page.rows))
    return Page[WorkflowBrief](items=shown, next=next_of(request, page.older))


def find(request: ApiRequest, identifier: UUID) -> Workflow:
    return found(request, Workflow, identifier)


acts.offer(router, "workflow", find)


@router.get("/{identifier}", response={200: WorkflowShown, **problems_of(404)})
@needs("ops_engine.view_workflow")
def show(request: ApiRequest, identifier: UUID, lineage: LineageWanted = "full") -> Any:
    """One workflow with its steps and its flow."""
    workflow = find(request, identifier)
    steps = list(map(WorkflowStep.model_validate, workflow.steps.all()[:STEPS]))
    brief = WorkflowBrief.model_validate(workflow).model_dump()
    flow = lineage_of(workflow, request.caller, lineage)
    return WorkflowShown(**brief, metadata=workflow.metadata, lineage=flow, steps=steps)
