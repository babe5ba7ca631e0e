"""Processes: listed, shown with their steps, and sent the commands by which operators move them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Query, Status
from pydantic import ConfigDict, Field, ValidationError

from opsconsole.api.bodies import Order, Shown
from opsconsole.api.mounting import Router
from opsconsole.api.needing import needs
from opsconsole.api.paging import Page, next_of
from opsconsole.api.problems import Problem, problems_of
from opsconsole.api.requests import ApiRequest
from opsconsole.api.resources.filters import Name, Timed, narrowed, page_of
from opsconsole.api.resources.finding import found
from opsconsole.console.streams import by_hand
from opsconsole.console.streams.processes import read
from opsconsole.engine.queries.present import database_now
from opsconsole.streams.models import Process
from opsconsole.streams.queries import processes, steps
from opsconsole.streams.queries.steps import ShownStep

router = Router()


class ProcessesWanted(Timed):
    type: Name | None = None
    status: Annotated[str, Field(max_length=60)] | None = None
    subject: Name | None = None
    condition: Literal["live", "ended", "stuck", "overdue"] | None = None


class ProcessBrief(Shown):
    """Its id is the correlation id of all that belongs to it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    type: str = Field(examples=["billing.document_voiding"])
    subject: str
    status: str
    condition: Literal["live", "ended", "stuck", "overdue"]
    version: int
    tenant: str
    deadline_at: datetime | None
    moved_at: datetime
    created_at: datetime


class StepCommand(Shown):
    """A command by type and id."""

    id: UUID
    type: str
    status: str


class ProcessStep(Shown):
    """A refused step changed nothing."""

    number: int
    source: str
    target: str
    state: Any
    cause_kind: str
    cause_id: UUID
    cause_name: str
    refusal: str
    taken_at: datetime
    commands: list[StepCommand]


class ByHand(Shown):
    """A command that an operator may send it, and what stands against that just now."""

    command: str
    label: str
    obstacle: str


class ProcessShown(ProcessBrief):
    state: Any
    steps: list[ProcessStep] = Field(description="The latest first, at most 30.")
    by_hand: list[ByHand]


class SentToProcess(Shown):
    """The command that was sent. `isNew` is false when it was on its way already."""

    command_id: UUID
    is_new: bool


@router.get("", response=Page[ProcessBrief])
@needs("ops_streams.view_process")
def list_(request: ApiRequest, wanted: Query[ProcessesWanted]) -> Any:
    """Processes, the newest first."""
    wanted_rows = narrowed(read, wanted, request.caller)
    page = page_of(processes.LISTED, wanted_rows, wanted)
    now = database_now()
    return Page[ProcessBrief](items=[_brief(row, now) for row in page.rows], next=next_of(request, page.older))


@router.get("/{identifier}", response={200: ProcessShown, **problems_of(404)})
@needs("ops_streams.view_process")
def show(request: ApiRequest, identifier: UUID) -> Any:
    """One process with its state, its latest steps, and what operators may have it do."""
    process = found(request, Process, identifier)
    shown, _ = steps.steps_of(process.pk)
    ways = [
        ByHand(command=one.command.__contract__.name, label=one.label, obstacle=by_hand.obstacle(one, process))
        for one in by_hand.declared(process)
    ]
    brief = _brief(process, database_now()).model_dump()
    return ProcessShown(**brief, state=process.state, steps=[_step(one, request) for one in shown], by_hand=ways)


@router.post("/{identifier}/send/{command}", response={202: SentToProcess, **problems_of(404, 409)})
@needs(by_hand.PERMISSION)
def send(request: ApiRequest, identifier: UUID, command: str, order: Order | None = None) -> Any:
    """Send it one of the commands of `byHand`; it moves when that has run."""
    process = found(request, Process, identifier)
    named = (one for one in by_hand.declared(process) if one.command.__contract__.name == command)
    wanted = next(named, None)
    if wanted is None:
        raise Problem(404, f"A process of the type {process.type} is sent no {command} by hand.")
    if why := by_hand.obstacle(wanted, process):
        raise Problem(409, why, type="not-applicable")
    try:
        caller, reason = request.caller, order.reason if order else ""
        sent = by_hand.send_to(request, wanted, process, reason, actor=caller.actor, via=caller.via)
    except ValidationError as error:
        raise Problem(409, f"Nothing was sent: {error.errors(include_url=False)[0]['msg']}.") from None
    return Status(202, SentToProcess(command_id=sent.id, is_new=sent.is_new))


def _brief(process: Any, now: datetime) -> ProcessBrief:
    process.condition = processes.condition_of(process, now)
    return ProcessBrief.model_validate(process)


def _step(shown: ShownStep, request: ApiRequest) -> ProcessStep:
    step = shown.step
    sent = [
        StepCommand(id=command.pk, type=command.type, status=command.status)
        for command in shown.commands
        if request.caller.sees(command.tenant)
    ]
    return ProcessStep(
        number=step.number, source=step.source, target=step.target, state=step.state, cause_kind=step.cause_kind,
        cause_id=step.cause_id, cause_name=step.cause_name, refusal=step.refusal, taken_at=step.taken_at,
        commands=sent,
    )  # fmt: skip
