"""What surrounds one row: tries, causes, effects, members, and what holds it up. Every read is bounded."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Model, Q, QuerySet

from opsconsole.engine.models import Attempt, Batch, Claim, Command, Event, Pause, Step, Workflow
from opsconsole.engine.queries.lists import BATCHES, COMMANDS, EVENTS
from opsconsole.engine.queries.members import BOUND, Members, member_counts
from opsconsole.engine.queries.present import database_now
from opsconsole.engine.sql import statement
from opsconsole.engine.states import SUCCESS, UNFINISHED

M = TypeVar("M", bound=Model)

SHOWN = 50  # rows of a table on a detail page; the rest is a list away
COUNTED = 100_000  # members of one batch: read off an index, a tenth of a row's cost each
NEAR = 500  # rows of a cause looked through for those that belong to no batch


@dataclass(frozen=True, slots=True)
class Some:
    """The first rows of a table, and whether there are more."""

    rows: list[Any]
    is_more: bool = False

    def __bool__(self) -> bool:
        return bool(self.rows)


def find(model: type[M], identifier: UUID) -> M | None:
    return model._default_manager.filter(pk=identifier).first()


def attempts_of(subject_id: UUID) -> Some:
    """Its tries that did not succeed, the latest first."""
    return some(Attempt.objects.filter(subject_id=subject_id).order_by("-id"))


def commands_caused_by(kind: str, cause_id: UUID) -> Some:
    """The commands that an event, command, batch, or root (kind "reprocess") set off, without members of batches."""
    caused = Command.objects.filter(cause_id__range=(cause_id, cause_id))  # walks the index, however many there are
    near = dict(caused.order_by("cause_id", "id").values_list("id", "batch_id")[:NEAR])
    if len(near) == NEAR:
        near |= dict(caused.order_by("-cause_id", "-id").values_list("id", "batch_id")[:NEAR])
    ids = sorted(id for id, batch in near.items() if batch is None or kind == "reprocess")[: 2 * SHOWN]
    return some(COMMANDS.filter(id__in=ids, cause_kind=kind).order_by("id")) if ids else Some([])


def events_caused_by(command_id: UUID) -> Some:
    return some(EVENTS.filter(cause_id=command_id, cause_kind="command").order_by("id"))


def batches_caused_by(kind: str, cause_id: UUID) -> Some:
    return some(BATCHES.filter(cause_id=cause_id, cause_kind=kind).order_by("id"))


def workflows_caused_by(kind: str, cause_id: UUID, correlation_id: UUID) -> Some:
    flow = Workflow.objects.filter(correlation_id=correlation_id)
    return some(flow.filter(cause_id=cause_id, cause_kind=kind).order_by("id"))


def some(rows: QuerySet[Any]) -> Some:
    first = list(rows[: SHOWN + 1])
    return Some(first[:SHOWN], len(first) > SHOWN)


def step_of(command_or_batch: Command | Batch) -> Step | None:
    """The workflow step that it is, with its workflow."""
    if command_or_batch.step_id is None:
        return None
    return Step.objects.select_related("workflow").filter(pk=command_or_batch.step_id).first()


def targets_of(steps: Iterable[Step]) -> dict[UUID, Command | Batch]:
    """The commands and batches that these steps are."""
    wanted: dict[str, list[UUID]] = {"command": [], "batch": []}
    for step in steps:
        wanted[step.target_kind].append(step.target_id)
    found: dict[UUID, Command | Batch] = {row.pk: row for row in COMMANDS.filter(id__in=wanted["command"])}
    return found | {row.pk: row for row in BATCHES.filter(id__in=wanted["batch"])}


def member_totals(batch: Batch) -> Members:
    """The members of a batch by state, exactly as long as no more than COUNTED of them are yet to succeed."""
    if batch.size <= BOUND:
        return member_counts([batch.pk])[batch.pk]
    with connection.cursor() as cursor:
        cursor.execute(statement("read_large_batch"), {"batch": batch.pk, "bound": COUNTED + 1})
        unmet = {state: count for state, count in cursor.fetchall() if count}
    if sum(unmet.values()) > COUNTED:
        return Members(unmet, is_bounded=True)
    return Members({SUCCESS: batch.size - sum(unmet.values()), **unmet})


def claim_of(row: Command | Event) -> Claim | None:
    return Claim.objects.filter(pk=row.claim_id).first() if row.claim_id else None


def pauses_of(command: Command) -> list[Pause]:
    """What an operator holds back, this command among it."""
    scopes = {"type": command.type, "queue": command.queue, "tenant": command.tenant}
    held = Q()
    for scope, key in scopes.items():
        held |= Q(scope=scope, key=key)
    return list(Pause.objects.filter(held).filter(Q(until=None) | Q(until__gt=database_now())))


def is_reprocessing_live(root_id: UUID) -> bool:
    """Whether a reprocessing of this root has not ended yet."""
    return Command.objects.filter(cause_id=root_id, cause_kind="reprocess", status__in=UNFINISHED).exists()


def workers_alive(within: float) -> int:
    """Workers seen within so many seconds, by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM ops_engine_runner WHERE kind = 'worker'"
            " AND seen_at > statement_timestamp() - make_interval(secs => %s)",
            [within],
        )
        (number,) = cursor.fetchone()
    return int(number)


def located(identifier: UUID) -> list[tuple[str, UUID]]:
    """The kinds of rows that this is the id of; "flow" when it is the correlation id of some."""
    models: dict[str, type[Model]] = {
        "event": Event,
        "command": Command,
        "batch": Batch,
        "workflow": Workflow,
    }
    found = [(kind, identifier) for kind, model in models.items() if find_id(model, pk=identifier)]
    in_flow = any(find_id(model, correlation_id=identifier) for model in models.values())
    return found or ([("flow", identifier)] if in_flow else [])


def find_id(model: type[Model], **conditions: Any) -> bool:
    return model._default_manager.filter(**conditions).exists()
