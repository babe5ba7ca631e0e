"""The end of batches, and what it lets go: once, also after healing, also for nothing at all."""

from typing import Any
from uuid import UUID

import pytest

from opsconsole.engine import draining, send_batch, settling, sweeping, testing
from opsconsole.engine.models import Batch
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.operations import cancel_commands, reprocess_batch, reprocess_commands
from tests.factories import Refused, batch, claim, command, expire, failed_batch, lose, make_due, run
from tests.handlers_app.messages import Act, ActAgain, ActElsewhere, ActSoon
from tests.handlers_app.scripts import forget, let

NEXTS = {
    "on_success": ActElsewhere(number=1),
    "on_failure": ActElsewhere(number=2),
    "on_completion": ActElsewhere(number=3),
}


def nexts(identifier: UUID) -> dict[str, str]:
    """What became of the next commands of a batch."""
    rows = StoredCommand.objects.filter(cause_id=identifier, cause_kind="batch")
    return dict(rows.values_list("release_on", "status"))


def members(identifier: UUID) -> list[StoredCommand]:
    return list(StoredCommand.objects.filter(batch_id=identifier).exclude(cause_kind="reprocess").order_by("id"))


def let_number_fail(number: int) -> None:
    def fail(message: Any, work: Any) -> None:
        if message.number == number:
            raise Refused

    let(Act, fail)


def test_a_batch_begins_with_its_first_member_and_ends_with_its_last(settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_size": 1}
    identifier = send_batch([Act(number=1), Act(number=2)])
    assert batch(identifier).status == "pending"
    run()
    started = batch(identifier)
    assert (started.status, started.settled_at) == ("processing", None)
    run()
    stored = batch(identifier)
    assert (stored.status, stored.success_count, stored.error_count, stored.cancelled_count) == ("success", 2, 0, 0)
    assert stored.created_at <= stored.started_at <= stored.settled_at
    assert stored.started_at == started.started_at


def test_success_lets_go_the_commands_for_success_and_for_completion():
    identifier = send_batch([Act(), Act()], **NEXTS)
    assert set(nexts(identifier).values()) == {"awaiting"}
    run()
    assert nexts(identifier) == {"success": "pending", "failure": "cancelled", "completion": "pending"}


def test_failure_lets_go_the_commands_for_failure_and_for_completion():
    let_number_fail(2)
    identifier = send_batch([Act(number=1), Act(number=2)], **NEXTS)
    run()
    stored = batch(identifier)
    assert (stored.status, stored.success_count, stored.error_count) == ("error", 1, 1)
    assert nexts(identifier) == {"success": "awaiting", "failure": "pending", "completion": "pending"}


def test_nothing_is_let_go_while_a_retry_is_outstanding():
    def fail(message, work):
        raise Refused

    let(ActAgain, fail)
    identifier = send_batch([Act(), ActAgain()], **NEXTS)
    run()
    assert batch(identifier).status == "processing"
    assert set(nexts(identifier).values()) == {"awaiting"}
    forget()
    make_due()
    run()
    assert nexts(identifier)["success"] == "pending"


def test_a_released_command_runs_and_knows_its_batch():
    identifier = send_batch([Act()], on_success=ActElsewhere(number=1))
    assert testing.run_until_idle() == 2
    following = StoredCommand.objects.get(type="tests.act_elsewhere")
    assert (following.status, following.cause_kind, following.cause_id) == ("success", "batch", identifier)
    assert following.started_at >= batch(identifier).settled_at


def test_an_empty_batch_has_succeeded_at_once():
    identifier = send_batch([], **NEXTS)
    stored = batch(identifier)
    assert (stored.status, stored.size, stored.success_count) == ("success", 0, 0)
    assert stored.settled_at is not None
    assert nexts(identifier) == {"success": "pending", "completion": "pending"}


def test_a_settled_batch_does_not_settle_again():
    identifier = send_batch([Act()], **NEXTS)
    run()
    before = batch(identifier)
    StoredCommand.objects.filter(cause_id=identifier).update(status="awaiting")
    settling.settle([identifier], ())
    assert batch(identifier).settled_at == before.settled_at
    assert set(nexts(identifier).values()) == {"awaiting"}, "a second end must let nothing go"


@pytest.mark.parametrize("status", ["error", "cancelled"])
def test_a_batch_that_did_not_succeed_stays_as_it_was_settled_until_it_is_healed(status):
    if status == "error":
        identifier = failed_batch([Act(), Act()], **NEXTS)
    else:
        identifier = send_batch([Act()], **NEXTS)
        cancel_commands([members(identifier)[0].id], actor="ana")
    before = batch(identifier)
    assert before.status == status
    StoredCommand.objects.filter(cause_id=identifier).update(status="awaiting")
    settling.settle([identifier], ())
    assert batch(identifier).settled_at == before.settled_at
    assert set(nexts(identifier).values()) == {"awaiting"}, "a second end must let nothing go"


def test_an_open_batch_does_not_settle():
    identifier = send_batch([Act(), Act()])
    settling.settle([identifier], ())
    assert batch(identifier).status == "pending"


def test_a_member_that_ends_while_the_batch_is_looked_at_is_waited_for(monkeypatch):
    """The probe may be old news by the time the row is locked: the count decides."""
    identifier = send_batch([Act(), Act()])
    real = settling.statement
    monkeypatch.setattr(settling, "statement", lambda name: "SELECT false" if name == "batch_is_open" else real(name))
    settling.settle([identifier], ())
    assert batch(identifier).status == "pending"


def test_reprocessing_the_failures_heals_the_batch_once():
    identifier = failed_batch([Act(number=1), Act(number=2), ActSoon()], **NEXTS)
    assert batch(identifier).status == "error"
    assert reprocess_batch(identifier, actor="ana").changed == 2
    run()
    stored = batch(identifier)
    assert (stored.status, stored.success_count, stored.error_count) == ("success", 3, 0)
    assert nexts(identifier)["success"] == "pending"
    released = StoredCommand.objects.get(cause_id=identifier, release_on="completion")
    assert released.status == "pending", "completion was let go by the failure, and not once more"
    roots = [member for member in members(identifier) if member.type == "tests.act"]
    assert {root.status for root in roots} == {"error"}, "history stays"
    assert all(command(root.healed_by).cause_id == root.id for root in roots)


def test_what_a_failure_let_go_is_not_run_again_by_the_healing():
    identifier = failed_batch([Act()], **NEXTS)
    assert run("elsewhere") == 2
    assert nexts(identifier) == {"success": "awaiting", "failure": "success", "completion": "success"}
    reprocess_batch(identifier, actor="ana")
    run()
    assert nexts(identifier) == {"success": "pending", "failure": "success", "completion": "success"}


def test_a_partly_healed_batch_stays_failed():
    identifier = failed_batch([Act(number=1), Act(number=2)], **NEXTS)
    let_number_fail(2)
    reprocess_batch(identifier, actor="ana")
    run()
    assert batch(identifier).status == "error"
    assert nexts(identifier)["success"] == "awaiting"
    forget()
    assert reprocess_batch(identifier, actor="ana").changed == 1
    run()
    assert batch(identifier).status == "success"
    assert nexts(identifier)["success"] == "pending"


def test_a_failure_healed_before_the_batch_ended_is_no_failure(settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_size": 1}
    let_number_fail(1)
    identifier = send_batch([Act(number=1), Act(number=2)], **NEXTS)
    run()
    forget()
    reprocess_commands([members(identifier)[0].id], actor="ana")
    testing.run_until_idle()
    assert batch(identifier).status == "success"
    assert nexts(identifier) == {"success": "success", "failure": "cancelled", "completion": "success"}


def test_a_batch_waits_for_a_reprocessing_that_is_under_way(settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_size": 1}
    let_number_fail(1)
    identifier = send_batch([Act(number=1), Act(number=2)], **NEXTS)
    run()
    reprocess_commands([members(identifier)[0].id], actor="ana")
    run()
    assert members(identifier)[1].status == "success"
    assert batch(identifier).status == "processing"
    run()
    assert batch(identifier).status == "error"


def test_the_failure_of_a_reprocessing_is_not_counted_beside_its_root():
    identifier = failed_batch([Act(number=1)])
    let_number_fail(1)
    reprocess_batch(identifier, actor="ana")
    run()
    assert (batch(identifier).error_count, batch(identifier).success_count) == (1, 0)


def test_a_cancelled_member_settles_its_batch_as_cancelled():
    identifier = send_batch([Act(number=1), Act(number=2)], **NEXTS)
    cancel_commands([members(identifier)[0].id], actor="ana")
    assert batch(identifier).status == "pending"
    run()
    stored = batch(identifier)
    assert (stored.status, stored.success_count, stored.cancelled_count) == ("cancelled", 1, 1)
    assert nexts(identifier)["success"] == "awaiting"
    assert nexts(identifier)["completion"] == "pending"


def test_cancelling_the_last_open_member_settles_the_batch_at_once():
    identifier = send_batch([Act(number=1), Act(number=2)])
    cancel_commands([member.id for member in members(identifier)], actor="ana")
    stored = batch(identifier)
    assert (stored.status, stored.cancelled_count) == ("cancelled", 2)
    assert stored.settled_at is not None


def test_a_failure_weighs_more_than_a_cancellation():
    let_number_fail(1)
    identifier = send_batch([Act(number=1), Act(number=2)])
    cancel_commands([members(identifier)[1].id], actor="ana")
    run()
    assert batch(identifier).status == "error"
    assert (batch(identifier).error_count, batch(identifier).cancelled_count) == (1, 1)


def test_a_member_may_make_batches_of_its_own():
    def nest(message, work):
        if message.number == 1:
            work.batch([Act(number=2), Act(number=3)], name="inner", on_success=ActElsewhere())

    let(Act, nest)
    outer = send_batch([Act(number=1)], name="outer")
    testing.run_until_idle()
    inner = Batch.objects.get(name="inner")
    assert (batch(outer).status, inner.status, inner.size) == ("success", "success", 2)
    assert (inner.cause_kind, inner.cause_id) == ("command", members(outer)[0].id)
    assert inner.correlation_id == batch(outer).correlation_id
    assert StoredCommand.objects.get(type="tests.act_elsewhere").status == "success"


def test_a_worker_that_dies_between_the_last_commit_and_the_settling_leaves_work_for_the_repair():
    identifier = send_batch([Act()], **NEXTS)
    chunk = claim()
    draining.execution.run(chunk)
    assert batch(identifier).status == "processing"
    assert sweeping.repair() == 1
    assert batch(identifier).status == "success"
    assert nexts(identifier)["success"] == "pending"
    assert sweeping.repair() == 0


def test_a_healing_that_nobody_settled_is_repaired(monkeypatch):
    identifier = failed_batch([Act()], **NEXTS)
    reprocess_batch(identifier, actor="ana")
    draining.execution.run(claim())
    assert batch(identifier).status == "error"
    Batch.objects.update(settled_at="2020-01-01T00:00Z")
    assert sweeping.repair() == 1
    assert batch(identifier).status == "success"
    assert nexts(identifier)["success"] == "pending"


def test_a_member_given_up_with_its_worker_fails_its_batch(settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "max_losses": 1}
    identifier = send_batch([Act()], **NEXTS)
    chunk = claim()
    settling.begin([identifier])
    lose(chunk)
    sweeping.repair()
    assert batch(identifier).status == "error"
    assert nexts(identifier)["failure"] == "pending"


def test_an_error_while_the_batch_is_begun_gives_the_chunk_back(monkeypatch):
    identifier = send_batch([Act()])
    monkeypatch.setattr(settling, "begin", _fail)
    with pytest.raises(Refused):
        run()
    assert members(identifier)[0].status == "pending"


def test_one_member_in_a_lost_claim_keeps_its_batch_open():
    identifier = send_batch([Act(), Act()])
    chunk = claim()
    expire(chunk)
    settling.settle([identifier], ())
    assert batch(identifier).status == "pending"
    lose(chunk)
    assert batch(identifier).status == "pending"


def _fail(batch_ids: Any) -> None:
    raise Refused
