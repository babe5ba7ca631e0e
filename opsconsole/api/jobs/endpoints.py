"""The calls of a system for background jobs."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from ninja import Path, Query, Status
from pydantic import BaseModel, Field, WithJsonSchema

from opsconsole.api import acting
from opsconsole.api.bodies import Order
from opsconsole.api.jobs import shown, types
from opsconsole.api.jobs.accepting import NewJob, accept, understood
from opsconsole.api.jobs.shown import Accepted, Job, JobBrief, State
from opsconsole.api.jobs.states import STATUS, JobFilter, state_of
from opsconsole.api.jobs.types import JOB_TYPES
from opsconsole.api.mounting import Mount, Router
from opsconsole.api.needing import needs
from opsconsole.api.once import REPLAYED
from opsconsole.api.paging import Page, next_of, page_size
from opsconsole.api.problems import Problem, problems_of
from opsconsole.api.requests import ApiRequest
from opsconsole.api.site import NAMESPACE
from opsconsole.engine.models import Command
from opsconsole.engine.queries import details, lists
from opsconsole.engine.queries.present import database_now
from opsconsole.engine.states import PENDING

router = Router()

LISTED = Command.objects.defer("payload", "error", "log")

# Whatever is no id is an id of nothing, to whoever asks for a job
JobId = Annotated[str, Path(...), WithJsonSchema({"type": "string", "format": "uuid"})]


class Wanted(BaseModel):
    state: State | None = None
    type: Annotated[str, Field(max_length=200)] | None = None
    cursor: UUID | None = None
    limit: Annotated[int, Field(ge=1)] | None = None


@router.post("/jobs", response={202: Accepted, **problems_of(409)})
@needs("ops_api.send_job", open_on_loopback=True)
def create(request: ApiRequest, job: NewJob, response: HttpResponse) -> Any:
    """Have a job done. It is stored when this answers, and done as soon as a worker is free, or from `scheduledFor` on.

    With an `idempotencyKey` there is one job a key, for ever.
    """
    order = understood(job, request.caller)
    identifier, is_new = accept(order, job.idempotency_key, request.caller)
    if is_new:
        return _answer(identifier, order.first_state(), response)
    response.headers[REPLAYED] = "true"
    return _accepted(identifier, response)


@router.get("/jobs", response=Page[JobBrief])
@needs("ops_api.view_job", open_on_loopback=True)
def list_(request: ApiRequest, wanted: Query[Wanted]) -> Any:
    """Jobs, the newest first, by state and type."""
    known = JOB_TYPES.find(wanted.type or "")
    if wanted.type is not None and known is None:
        return Page[JobBrief](items=[], next=None)
    now = database_now()
    state = wanted.state or ""
    narrowed = JobFilter(
        types=tuple(known.command_name for _, known in JOB_TYPES),
        type=known.command_name if known else "",
        tenant=request.caller.tenant,
        status=STATUS.get(state, PENDING) if state else "",
        state=state,
        now=now,
    )
    page = lists.read_page(LISTED, narrowed, before=wanted.cursor, size=page_size(wanted.limit))
    return Page[JobBrief](
        items=[JobBrief(**shown.brief(command, now)) for command in page.rows], next=next_of(request, page.older)
    )


@router.get("/jobs/{identifier}", response={200: Job, **problems_of(404)})
@needs("ops_api.view_job", open_on_loopback=True)
def show(request: ApiRequest, identifier: JobId) -> Any:
    """One job."""
    command = _found(request, identifier)
    return shown.whole(command, details.claim_of(command), database_now())


@router.post("/jobs/{identifier}/cancel", response={200: Job, **problems_of(404, 409)})
@needs("ops_engine.cancel_command", open_on_loopback=True)
def cancel(request: ApiRequest, identifier: JobId, order: Order | None = None) -> Any:
    """Have a job that has not begun never run."""
    command = _found(request, identifier)
    acting.perform(request, "command", "cancel", command, reason=order.reason if order else "")
    command.refresh_from_db()
    return shown.whole(command, None, database_now())


@router.post("/jobs/{identifier}/retry", response={202: Accepted, **problems_of(404, 409)})
@needs("ops_engine.reprocess_command", open_on_loopback=True)
def retry(request: ApiRequest, identifier: JobId, response: HttpResponse, order: Order | None = None) -> Any:
    """Run a dead-lettered or cancelled job again, as a new job that is linked to the first one."""
    command = _found(request, identifier)
    if command.cause_kind == "reprocess":
        command = _found(request, str(command.cause_id))
    tally = acting.perform(request, "command", "reprocess", command, reason=order.reason if order else "")
    return _accepted(tally.made[0], response)


def _accepted(identifier: UUID, response: HttpResponse) -> Status[Accepted]:
    command = lists.COMMANDS.filter(pk=identifier).first()
    if command is None:
        raise Problem(409, "The job of this key is no longer kept.", type="job-gone")
    return _answer(identifier, state_of(command, database_now()), response)


def _answer(identifier: UUID, state: Any, response: HttpResponse) -> Status[Accepted]:
    response.headers["Location"] = reverse(f"{NAMESPACE}:jobs_show", kwargs={"identifier": identifier})
    return Status(202, Accepted(id=identifier, state=state))


def _found(request: ApiRequest, identifier: str) -> Command:
    """The job with this id; raises Problem: 404."""
    try:
        command = details.find(Command, UUID(identifier))
    except ValueError:
        command = None
    if command is None or types.of_command(command.type) is None or not request.caller.sees(command.tenant):
        detail = f"There is no job {identifier}."
        raise Problem(404, detail, members={"message": detail})
    return command


MOUNTS = [Mount("", router, "Jobs")]
