"""Chains and graphs of steps: released in order, once, and resumable."""

from typing import Any
from uuid import UUID

import pytest

from opsconsole.engine import Workflow, sweeping, testing, workflows
from opsconsole.engine.models import Batch, Step
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Workflow as StoredWorkflow
from opsconsole.engine.operations import cancel_commands, reprocess_commands, resume_workflow
from opsconsole.engine.workflows import BrokenWorkflow
from opsconsole.kernel.tracing import Cause, acting_for
from tests.factories import Refused, claim, command, run
from tests.handlers_app.messages import Act, ActElsewhere
from tests.handlers_app.scripts import forget, let


def steps(identifier: UUID) -> dict[str, str]:
    return dict(Step.objects.filter(workflow_id=identifier).values_list("name", "status"))


def status(identifier: UUID) -> str:
    return StoredWorkflow.objects.get(pk=identifier).status


def let_number_fail(*numbers: int) -> None:
    def fail(message: Any, work: Any) -> None:
        if message.number in numbers:
            raise Refused

    let(Act, fail)


def chain(count: int = 3) -> Workflow:
    flow = Workflow("tests.chain")
    flow.chain(*((f"step {number}", Act(number=number)) for number in range(1, count + 1)))
    return flow


def diamond() -> Workflow:
    """One, then two beside each other, then one."""
    flow = Workflow("tests.diamond")
    top = flow.step("top", Act(number=1))
    sides = [flow.step("left", Act(number=2), after=[top]), flow.step("right", Act(number=3), after=[top])]
    flow.step("bottom", Act(number=4), after=sides)
    return flow


def test_a_chain_runs_its_steps_one_after_the_other():
    seen = []
    let(Act, lambda message, work: seen.append(message.number))
    identifier = chain().start()
    assert steps(identifier) == {"step 1": "pending", "step 2": "awaiting", "step 3": "awaiting"}
    assert status(identifier) == "processing"
    for number in (1, 2, 3):
        assert run() == 1
        assert seen[-1] == number
    stored = StoredWorkflow.objects.get()
    assert (stored.status, set(steps(identifier).values())) == ("success", {"success"})
    assert stored.settled_at is not None


def test_a_step_begins_only_when_all_before_it_have_succeeded(settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_size": 1}
    identifier = diamond().start()
    run()
    assert steps(identifier) == {"top": "success", "left": "pending", "right": "pending", "bottom": "awaiting"}
    run()
    assert steps(identifier)["bottom"] == "awaiting"
    run()
    assert steps(identifier)["bottom"] == "pending"
    run()
    assert status(identifier) == "success"


def test_rows_of_a_workflow_know_where_they_belong():
    with acting_for(Cause("user", metadata={"actor": "ana"})):
        flow = Workflow("tests.mixed")
        flow.chain(("one", Act(number=1)), ("many", [Act(number=2), Act(number=3)]))
        identifier = flow.start(tenant="north")
    stored = StoredWorkflow.objects.get()
    assert (stored.id, stored.tenant, stored.cause_kind, stored.metadata) == (
        identifier,
        "north",
        "user",
        {"actor": "ana"},
    )
    for row in [*StoredCommand.objects.all(), Batch.objects.get()]:
        assert (row.cause_kind, row.cause_id, row.tenant, row.correlation_id) == (
            "workflow",
            identifier,
            "north",
            stored.correlation_id,
        )
    one, many = Step.objects.order_by("number")
    assert (one.target_kind, command(one.target_id).step_id) == ("command", one.id)
    assert (many.target_kind, Batch.objects.get(pk=many.target_id).step_id, many.after) == ("batch", many.id, ["one"])


def test_a_step_of_many_commands_is_over_with_its_last(settings):
    flow = Workflow("tests.mixed")
    flow.chain(("many", [Act(number=1), Act(number=2)]), ("then", ActElsewhere()))
    identifier = flow.start()
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_size": 1}
    run()
    assert steps(identifier) == {"many": "pending", "then": "awaiting"}
    run()
    assert steps(identifier) == {"many": "success", "then": "pending"}


def test_members_of_a_later_step_wait_for_it():
    flow = Workflow("tests.mixed")
    flow.chain(("first", ActElsewhere()), ("many", [Act(), Act()]))
    flow.start()
    assert set(StoredCommand.objects.filter(type="tests.act").values_list("status", flat=True)) == {"awaiting"}
    assert Batch.objects.get().status == "awaiting"
    run("elsewhere")
    assert set(StoredCommand.objects.filter(type="tests.act").values_list("status", flat=True)) == {"pending"}
    assert Batch.objects.get().status == "pending"


@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_a_step_without_commands_has_succeeded_at_once(place: str):
    flow = Workflow("tests.empty")
    work = {"first": [], "middle": [], "last": []}
    flow.chain(*((name, work[name] if name == place else Act()) for name in work))
    identifier = flow.start()
    testing.run_until_idle()
    assert status(identifier) == "success"


def test_a_workflow_of_nothing_but_empty_steps_has_succeeded_at_once():
    flow = Workflow("tests.empty")
    flow.chain(("one", []), ("two", []))
    assert status(flow.start()) == "success"


def test_a_failing_step_stops_what_comes_after_it_and_nothing_else(settings):
    let_number_fail(2)
    identifier = diamond().start()
    testing.run_until_idle()
    assert steps(identifier) == {"top": "success", "left": "error", "right": "success", "bottom": "awaiting"}
    stored = StoredWorkflow.objects.get()
    assert (stored.status, stored.settled_at is not None) == ("error", True)
    assert command(Step.objects.get(name="bottom").target_id).status == "awaiting"


def test_a_workflow_is_not_over_while_another_branch_still_runs(settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_size": 1}
    let_number_fail(2)
    identifier = diamond().start()
    run()
    run()
    assert steps(identifier)["left"] == "error"
    assert status(identifier) == "processing"
    run()
    assert status(identifier) == "error"


def test_resuming_runs_the_failed_step_again_and_then_the_rest():
    let_number_fail(2)
    identifier = chain().start()
    testing.run_until_idle()
    assert steps(identifier) == {"step 1": "success", "step 2": "error", "step 3": "awaiting"}
    forget()
    assert resume_workflow(identifier, actor="ana").changed == 1
    assert status(identifier) == "error", "until something has succeeded"
    run()
    assert steps(identifier) == {"step 1": "success", "step 2": "success", "step 3": "pending"}
    stored = StoredWorkflow.objects.get()
    assert (stored.status, stored.settled_at) == ("processing", None)
    testing.run_until_idle()
    assert status(identifier) == "success"


def test_resuming_in_vain_leaves_the_workflow_failed_and_resumable():
    let_number_fail(2)
    identifier = chain().start()
    testing.run_until_idle()
    resume_workflow(identifier, actor="ana")
    testing.run_until_idle()
    assert status(identifier) == "error"
    forget()
    assert resume_workflow(identifier, actor="ana").changed == 1
    testing.run_until_idle()
    assert status(identifier) == "success"


def test_resuming_a_failed_step_of_many_reprocesses_its_failures_only():
    let_number_fail(2, 3)
    flow = Workflow("tests.mixed")
    flow.chain(("many", [Act(number=number) for number in range(5)]), ("then", ActElsewhere()))
    identifier = flow.start()
    testing.run_until_idle()
    assert status(identifier) == "error"
    forget()
    assert resume_workflow(identifier, actor="ana").changed == 2
    testing.run_until_idle()
    assert (status(identifier), Batch.objects.get().status) == ("success", "success")
    assert StoredCommand.objects.get(type="tests.act_elsewhere").status == "success"


def test_a_workflow_without_failures_has_nothing_to_resume():
    identifier = chain().start()
    testing.run_until_idle()
    tally = resume_workflow(identifier, actor="ana")
    assert (tally.changed, tally.skipped) == (0, {})


def test_a_cancelled_step_ends_the_workflow_as_cancelled():
    identifier = chain().start()
    cancel_commands([Step.objects.get(name="step 1").target_id], actor="ana")
    assert steps(identifier) == {"step 1": "cancelled", "step 2": "awaiting", "step 3": "awaiting"}
    assert status(identifier) == "cancelled"


def test_a_step_cancelled_while_it_waits_is_not_released_later():
    identifier = chain().start()
    cancel_commands([Step.objects.get(name="step 2").target_id], actor="ana")
    testing.run_until_idle()
    assert steps(identifier) == {"step 1": "success", "step 2": "cancelled", "step 3": "awaiting"}
    assert status(identifier) == "cancelled"


def test_resuming_runs_a_cancelled_step_and_those_behind_it():
    identifier = chain().start()
    cancel_commands([Step.objects.get(name="step 1").target_id], actor="ana")
    assert resume_workflow(identifier, actor="ana").changed == 1
    testing.run_until_idle()
    assert steps(identifier) == {"step 1": "success", "step 2": "success", "step 3": "success"}
    assert status(identifier) == "success"


def test_what_was_cancelled_before_its_turn_is_not_run_ahead_of_it():
    identifier = chain().start()
    early = Step.objects.get(name="step 2").target_id
    cancel_commands([early, Step.objects.get(name="step 1").target_id], actor="ana")
    assert reprocess_commands([early], actor="ana").skipped == {
        "its turn has not come: what it waited for did not happen": 1
    }
    assert resume_workflow(identifier, actor="ana").changed == 1
    testing.run_until_idle()
    assert steps(identifier) == {"step 1": "success", "step 2": "cancelled", "step 3": "awaiting"}
    assert resume_workflow(identifier, actor="ana").changed == 1
    testing.run_until_idle()
    assert status(identifier) == "success"


def test_a_batch_cancelled_before_its_turn_is_a_cancelled_step_at_once():
    flow = Workflow("tests.mixed")
    flow.chain(("first", ActElsewhere()), ("many", [Act(), Act()]))
    identifier = flow.start()
    members = list(StoredCommand.objects.filter(type="tests.act").values_list("id", flat=True))
    cancel_commands(members, actor="ana")
    assert (Batch.objects.get().status, steps(identifier)["many"]) == ("cancelled", "cancelled")
    assert reprocess_commands(members, actor="ana").changed == 0
    testing.run_until_idle()
    assert resume_workflow(identifier, actor="ana").changed == 2
    testing.run_until_idle()
    assert status(identifier) == "success"


def test_a_step_whose_members_were_all_cancelled_while_it_waited_comes_to_its_end():
    flow = Workflow("tests.mixed")
    flow.chain(("first", ActElsewhere()), ("many", [Act(), Act()]))
    identifier = flow.start()
    cancel_commands(list(StoredCommand.objects.filter(type="tests.act").values_list("id", flat=True)), actor="ana")
    testing.run_until_idle()
    assert steps(identifier) == {"first": "success", "many": "cancelled"}
    assert status(identifier) == "cancelled"


def test_a_worker_that_dies_before_moving_on_leaves_work_for_the_repair():
    from opsconsole.engine import execution

    identifier = chain().start()
    execution.run(claim())
    assert steps(identifier)["step 1"] == "pending"
    assert sweeping.repair() == 1
    assert steps(identifier) == {"step 1": "success", "step 2": "pending", "step 3": "awaiting"}
    assert sweeping.repair() == 0


def test_moving_on_twice_releases_once():
    identifier = chain().start()
    run()
    due = StoredCommand.objects.get(status="pending").not_before
    workflows.move_on(identifier)
    assert StoredCommand.objects.get(status="pending").not_before == due


@pytest.mark.parametrize(
    "declare",
    [
        lambda flow: flow.start(),
        lambda flow: flow.chain(),
        lambda flow: [flow.step("one", Act()), flow.step("one", Act())],
        lambda flow: flow.step("one", Act(), after=["none"]),
        lambda flow: flow.step("one", Act(), after=["one"]),
    ],
    ids=["no steps", "empty chain", "name twice", "after nothing", "after itself"],
)
def test_a_broken_declaration_is_refused(declare: Any):
    with pytest.raises(BrokenWorkflow):
        declare(Workflow("tests.broken"))
    assert not StoredWorkflow.objects.exists()


def test_a_chain_goes_on_where_the_last_one_ended():
    flow = Workflow("tests.chain")
    flow.chain(("one", Act(number=1)))
    flow.chain(("two", Act(number=2)))
    identifier = flow.start()
    assert steps(identifier) == {"one": "pending", "two": "awaiting"}
    flow = chain(1)
    assert flow.start() != flow.start(), "a declaration may be started more than once"
