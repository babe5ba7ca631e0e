"""Commands: listed, shown, sent, acted upon, and waited for."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Status
from pydantic import Field

from opsconsole.api.bodies import WHOLE, Body, Shown
from opsconsole.api.mounting import Router
from opsconsole.api.needing import needs
from opsconsole.api.once import fingerprint_of
from opsconsole.api.paging import Page, next_of
from opsconsole.api.parameters import Moment
from opsconsole.api.problems import Problem, problems_of
from opsconsole.api.requests import ApiRequest
from opsconsole.api.resources import acts
from opsconsole.api.resources.filters import CommandsWanted, filter_of, page_of
from opsconsole.api.resources.finding import found
from opsconsole.api.resources.lineage import LineageWanted, lineage_of
from opsconsole.api.resources.shown import CommandBrief, CommandShown, Try
from opsconsole.api.resources.waiting import ended
from opsconsole.api.sending import refuse_further_tries, refuse_unknown_queue, type_for, validated
from opsconsole.engine import send
from opsconsole.engine.messages import COMMANDS
from opsconsole.engine.models import Command
from opsconsole.engine.queries import details, lists
from opsconsole.engine.states import UNFINISHED

router = Router()


class NewCommand(Body):
    """Work to be done."""

    type: Annotated[str, Field(max_length=200)] = Field(examples=["academics.send_welcome_email"])
    payload: dict[str, Any] = Field(default_factory=dict, description="As the type says.")
    tenant: Annotated[str, Field(max_length=100)] | None = None
    queue: Annotated[str, Field(max_length=60)] | None = None
    priority: Annotated[int, Field(strict=True, ge=-1000, le=1000), WHOLE] | None = Field(
        None, description="Lower goes first."
    )
    not_before: Moment | None = None
    max_attempts: Annotated[int, Field(strict=True, ge=1, le=100), WHOLE] | None = None
    unique: Annotated[str, Field(min_length=1, max_length=90)] | None = Field(
        None, description="Only one command of the type with it is unfinished at a time."
    )


class SentCommand(Shown):
    """`isNew` is false when another one holds the unique key: then it is that one."""

    id: UUID
    status: str
    is_new: bool


class CommandResult(Shown):
    """How it ended, if it has ended."""

    id: UUID
    done: bool
    status: str
    finished_at: datetime | None
    error_class: str
    error: str
    log: Any = Field(None, description="What its handler noted.")


@router.get("", response=Page[CommandBrief])
@needs("ops_engine.view_command")
def list_(request: ApiRequest, wanted: Query[CommandsWanted]) -> Any:
    """Commands, the newest first."""
    narrowed = filter_of("command", wanted, request.caller)
    page = page_of(lists.COMMANDS, narrowed, wanted)
    shown = list(map(CommandBrief.model_validate, page.rows))
    return Page[CommandBrief](items=shown, next=next_of(request, page.older))


@router.post("", response={202: SentCommand, **problems_of(409)})
@needs("ops_api.send_command")
def send_(request: ApiRequest, command: NewCommand, response: HttpResponse) -> Any:
    """Ask for work, by the name of its type. It is stored when this answers."""
    tenant = request.caller.acting_in(command.tenant)
    message = type_for(request.caller, COMMANDS, command.type)
    if command.queue is not None:
        refuse_unknown_queue(command.queue)
    refuse_further_tries(message, command.type, "maxAttempts", (command.max_attempts or 1) - 1)
    unique = None if command.unique is None else f"api:{fingerprint_of([tenant, command.unique])}"
    options = command.model_dump(include={"queue", "priority", "not_before", "max_attempts"})
    sent = send(validated(message, command.payload, "payload"), tenant=tenant, unique=unique, **options)
    response.headers["Location"] = f"{request.path}/{sent.id}"
    stored = lists.COMMANDS.filter(pk=sent.id).first()
    if stored is None:
        raise Problem(409, "The command that holds this unique key is no longer kept.", type="command-gone")
    return Status(202, SentCommand(id=sent.id, status=stored.status, is_new=sent.is_new))


def find(request: ApiRequest, identifier: UUID) -> Command:
    return found(request, Command, identifier)


acts.offer(router, "command", find)


@router.get("/{identifier}", response={200: CommandShown, **problems_of(404)})
@needs("ops_engine.view_command")
def show(request: ApiRequest, identifier: UUID, lineage: LineageWanted = "full") -> Any:
    """One command with its payload, its tries and its flow."""
    command: Any = find(request, identifier)
    command.tries = list(map(Try.model_validate, details.attempts_of(command.pk).rows))
    command.lineage = lineage_of(command, request.caller, lineage)
    if claim := details.claim_of(command):
        command.worker = claim.worker
        reported = claim.progress or {}
        command.progress = reported if reported.get("command") == str(command.pk) else None
    return CommandShown.model_validate(command)


@router.get("/{identifier}/result", response={200: CommandResult, **problems_of(404)})
@needs("ops_engine.view_command")
def result(
    request: ApiRequest, identifier: UUID, wait: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = 0
) -> Any:
    """How it ended. With `wait`, in seconds, the answer comes when it has ended, or when that time is over.

    While it waits, the row is looked at from time to time, at most ten times a second, and no connection to the
    database is held in between. There is a longest time, and a number of requests that may wait at once, of all and of
    one token; beyond these the answer comes earlier, with `done` false.
    """
    find(request, identifier)
    command = ended(identifier, wait, request.caller.key)
    if command is None:
        raise Problem(404, f"There is no command {identifier}.")
    return CommandResult(
        id=command.pk, done=command.status not in UNFINISHED, status=command.status, finished_at=command.finished_at,
        error_class=command.error_class, error=command.error, log=command.log,
    )  # fmt: skip
