"""The last two members of a batch, the last two branches of a workflow, ending together."""

import threading
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from opsconsole.engine import Workflow, draining, send_batch, settling, sweeping, workflows
from opsconsole.engine.models import Batch, Step
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Workflow as StoredWorkflow
from opsconsole.engine.operations import cancel_commands, reprocess_batch
from tests.concurrency.races import at_once, rounds
from tests.factories import batch, claim, failed_batch, note_effect, run
from tests.handlers_app.messages import Act, ActElsewhere
from tests.handlers_app.models import Entry
from tests.handlers_app.scripts import forget, let


@pytest.fixture(autouse=True)
def _one_by_one(settings) -> None:
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_size": 1}


@pytest.fixture
def settled(monkeypatch) -> list[UUID]:
    """The batches that were settled, as often as they were."""
    seen: list[UUID] = []
    real = settling._release_next

    def note(cursor: Any, batch_id: UUID, status: str) -> None:
        seen.append(batch_id)
        real(cursor, batch_id, status)

    monkeypatch.setattr(settling, "_release_next", note)
    return seen


def end_together() -> None:
    """Two commands, claimed apart, whose handlers return at the same moment."""
    together = threading.Barrier(2, timeout=30)

    def meet(message: Any, work: Any) -> None:
        together.wait()

    let(Act, meet)
    chunks = claim(), claim()
    at_once(*(lambda chunk=chunk: draining.execute_chunk(chunk) for chunk in chunks))
    forget()


@rounds(50, 1_000)
def test_two_last_members_ending_together_release_the_next_command_exactly_once(rounds, settled, monkeypatch):
    """Every other round both have committed before either settles, which is when a second release would happen."""
    real = settling.settle
    meeting: list[threading.Barrier] = []

    def settle(batch_ids: Any, step_ids: Any) -> None:
        if meeting:
            meeting[0].wait()
        real(batch_ids, step_ids)

    monkeypatch.setattr(settling, "settle", settle)
    for number in range(rounds):
        identifier = send_batch([Act(), Act()], on_success=ActElsewhere())
        meeting[:] = [threading.Barrier(2, timeout=30)] if number % 2 else []
        end_together()
        meeting.clear()
        assert batch(identifier).status == "success"
        assert settled.count(identifier) == 1
        let(ActElsewhere, note_effect)
        assert run("elsewhere") == 1
        assert Entry.objects.count() == number + 1


@rounds(20, 300)
def test_two_last_healings_ending_together_release_the_next_command_exactly_once(rounds, settled):
    for _ in range(rounds):
        identifier = _failed_pair()
        settled.clear()
        assert reprocess_batch(identifier, actor="ana").changed == 2
        end_together()
        assert batch(identifier).status == "success"
        assert settled == [identifier]
        assert StoredCommand.objects.get(cause_id=identifier).status == "pending"
        run("elsewhere")


def _failed_pair() -> UUID:
    identifier = failed_batch([Act(), Act()], on_success=ActElsewhere())
    let(Act, _refuse)
    run()
    forget()
    assert batch(identifier).status == "error"
    return identifier


def _refuse(message: Any, work: Any) -> None:
    raise ValueError


def test_whoever_cancels_the_last_member_does_not_wait_for_a_batch_that_somebody_has_locked(monkeypatch, caplog):
    monkeypatch.setattr(settling, "PATIENCE", 0.05)
    caplog.set_level("INFO")
    identifier = send_batch([Act()])
    flow = Workflow("tests.one")
    flow.step("only", Act())
    flow.start()
    member, step = (StoredCommand.objects.get(**{f"{one}__isnull": False}).pk for one in ("batch_id", "step_id"))
    with transaction.atomic():
        Batch.objects.select_for_update().get()
        StoredWorkflow.objects.select_for_update().get()
        tallies = at_once(*(lambda one=one: cancel_commands([one], actor="ana") for one in (member, step)))
    assert [tally.changed for tally in tallies] == [1, 1]
    assert [getattr(one, "action", "") for one in caplog.records].count("batch.left") == 2
    assert not [one for one in caplog.records if one.levelname == "ERROR"]
    assert (batch(identifier).status, StoredWorkflow.objects.get().status) == ("pending", "processing")
    assert sweeping.repair() == 2
    assert (batch(identifier).status, StoredWorkflow.objects.get().status) == ("cancelled", "cancelled")


@rounds(20, 300)
def test_two_branches_ending_together_release_the_step_behind_them_exactly_once(rounds, monkeypatch):
    released: list[UUID] = []
    real = workflows.statement

    def note(name: str) -> str:
        if name == "release_step_commands":
            released.append(identifier)
        return real(name)

    for _ in range(rounds):
        flow = Workflow("tests.join")
        flow.step("left", Act())
        flow.step("right", Act())
        flow.step("join", ActElsewhere(), after=["left", "right"])
        identifier = flow.start()
        released.clear()
        monkeypatch.setattr(workflows, "statement", note)
        end_together()
        monkeypatch.setattr(workflows, "statement", real)
        assert Step.objects.get(workflow_id=identifier, name="join").status == "pending"
        assert released == [identifier]
        assert run("elsewhere") == 1
        assert StoredWorkflow.objects.get(pk=identifier).status == "success"


@rounds(10, 100)
def test_many_members_on_many_workers_settle_their_batch_once(rounds, settled, settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_size": 5}
    for _ in range(rounds):
        identifier = send_batch([Act(number=number) for number in range(40)], on_completion=ActElsewhere())
        at_once(*[_drain] * 4)
        assert batch(identifier).status == "success"
        assert settled.count(identifier) == 1
        assert run("elsewhere") == 1


def _drain() -> None:
    from opsconsole.engine import claiming

    while chunk := claiming.claim_commands("default"):
        draining.execute_chunk(chunk)
