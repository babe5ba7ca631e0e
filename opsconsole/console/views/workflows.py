"""The list of workflows, and one workflow with its steps."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from opsconsole.console import listing, origins, totals
from opsconsole.console.actions import offered
from opsconsole.console.flows import pictures
from opsconsole.console.kinds import KINDS
from opsconsole.console.pages import missing, respond
from opsconsole.console.pictures.workflow import workflow_svg
from opsconsole.console.views.filters import read_workflows, workflow_controls
from opsconsole.engine.models import Step, Workflow
from opsconsole.engine.queries import details
from opsconsole.engine.queries.lists import WORKFLOWS

if TYPE_CHECKING:
    from opsconsole.console.site import OpsAdminSite

KIND = KINDS["workflow"]


def show_list(request: HttpRequest, site: "OpsAdminSite") -> HttpResponse:
    return listing.show(request, site, LISTING)


def show(request: HttpRequest, site: "OpsAdminSite", pk: UUID) -> HttpResponse:
    """One workflow: its picture, its steps, and where it stands."""
    workflow = details.find(Workflow, pk)
    if workflow is None:
        return missing(request, site, KIND, pk)
    steps = list(workflow.steps.all()[:500])
    targets = details.targets_of(steps)
    context = {
        "title": workflow.name,
        "kind": KIND,
        "workflow": workflow,
        "origin": origins.origin_of(workflow, request),
        "steps": [(step, targets.get(step.target_id)) for step in steps],
        "picture": workflow_svg(workflow.name, steps, _address) if steps else "",
        "pictures": pictures(workflow.correlation_id, "workflow", pk),
        "actions": offered(request, "workflow", workflow),
    }
    return respond(request, site, "workflow/detail", context)


def _address(step: Step) -> str:
    return KINDS[step.target_kind].url(step.target_id)


def _dress(workflows: Sequence[Any]) -> dict[str, Any]:
    """Each workflow with the states of its steps."""
    by_workflow: dict[UUID, list[Step]] = {workflow.pk: [] for workflow in workflows}
    for step in Step.objects.filter(workflow_id__in=list(by_workflow))[:2_000]:
        by_workflow[step.workflow_id].append(step)
    for workflow in workflows:
        workflow.shown_steps = by_workflow[workflow.pk][:12]
        workflow.more_steps = len(by_workflow[workflow.pk]) - len(workflow.shown_steps)
    return {}


LISTING = listing.Listing("workflow", WORKFLOWS, read_workflows, workflow_controls, _dress, totals.of_workflows)
