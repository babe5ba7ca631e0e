"""A lifecycle is a table; only its moves happen."""

import pytest
from django.db import IntegrityError

from opsconsole.engine import states
from opsconsole.engine.models import Batch, Command, Event, Step, Workflow
from opsconsole.kernel.identifiers import uuid7
from opsconsole.kernel.lifecycle import Lifecycle

pytestmark = pytest.mark.usefixtures("database")

LIFECYCLES = {
    "event": states.EVENT,
    "command": states.COMMAND,
    "batch": states.BATCH,
    "workflow": states.WORKFLOW,
    "step": states.STEP,
}
PAIRS = [
    pytest.param(kind, source, target, id=f"{kind} {source} to {target}")
    for kind, lifecycle in LIFECYCLES.items()
    for source in lifecycle.states
    for target in lifecycle.states
]


def row_in(kind: str, status: str) -> Event | Command | Batch | Workflow | Step:
    """A row in that state, however it came there."""
    claimed = {"claim_id": uuid7()} if status == "processing" else {}
    match kind:
        case "event":
            return Event.objects.create(type="x", data={}, correlation_id=uuid7(), status=status, **claimed)
        case "command":
            return Command.objects.create(
                type="x", payload={}, correlation_id=uuid7(), not_before="2020-01-01T00:00Z", status=status, **claimed
            )
        case "batch":
            return Batch.objects.create(name="x", size=0, correlation_id=uuid7(), status=status)
        case "workflow":
            return Workflow.objects.create(name="x", correlation_id=uuid7(), status=status)
    flow = Workflow.objects.create(name="x", correlation_id=uuid7())
    return Step.objects.create(
        workflow=flow, name="x", number=1, target_kind="command", target_id=uuid7(), status=status
    )


@pytest.mark.parametrize(("kind", "source", "target"), PAIRS)
def test_a_move_happens_if_the_table_allows_it_and_not_otherwise(kind: str, source: str, target: str):
    lifecycle = LIFECYCLES[kind]
    row = row_in(kind, source)
    changes = {}
    if kind in ("event", "command"):
        changes["claim_id"] = uuid7() if target == "processing" else None
    moved = lifecycle.move(type(row).objects.filter(pk=row.pk), target, **changes)
    row.refresh_from_db()
    assert moved == (1 if lifecycle.allows(source, target) else 0)
    assert row.status == (target if lifecycle.allows(source, target) else source)


@pytest.mark.parametrize("kind", LIFECYCLES)
def test_the_database_knows_no_other_states(kind: str):
    with pytest.raises(IntegrityError, match="_status"):
        row_in(kind, "asleep")


@pytest.mark.parametrize(("status", "claim_id"), [("processing", None), ("pending", uuid7())])
def test_a_command_has_a_claim_exactly_while_it_is_processing(status: str, claim_id):
    row = row_in("command", "pending")
    with pytest.raises(IntegrityError, match="claimed"):
        Command.objects.filter(pk=row.pk).update(status=status, claim_id=claim_id)


def test_final_states_are_those_that_nothing_leaves():
    assert states.COMMAND.final == ("success", "error", "cancelled")
    assert states.EVENT.final == ("success",)
    assert states.BATCH.final == ("success",)


def test_a_table_that_leads_nowhere_is_refused():
    with pytest.raises(ValueError, match="gone"):
        Lifecycle({"here": {"gone"}})
