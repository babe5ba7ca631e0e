"""What operators do: guarded, linked, and truthfully told."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction

from opsconsole.engine import execution, send, send_batch, sweeping, testing
from opsconsole.engine.models import Attempt, Batch, UniqueKey
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.operations import (
    Tally,
    cancel_batch,
    cancel_commands,
    reinstate_batch,
    reprocess_batch,
    reprocess_commands,
    reprocess_events,
    retry_commands,
)
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7
from tests.factories import (
    Refused,
    attempts,
    batch,
    claim,
    command,
    event,
    failed,
    failed_batch,
    happen,
    let_fail,
    make_due,
    note_effect,
    react,
    run,
)
from tests.handlers_app.messages import Act, ActAgain, ActElsewhere, Happened
from tests.handlers_app.models import Entry
from tests.handlers_app.scripts import forget, let, let_react


def in_every_state() -> dict[str, UUID]:
    """One command in each state that an operator may meet."""
    found = {"error": failed(Act())}
    found["success"] = send(Act()).id
    run()
    found["healed"] = failed(Act())
    reprocess_commands([found["healed"]], actor="ana")
    run()
    found["cancelled"] = send(Act()).id
    cancel_commands([found["cancelled"]], actor="ana")
    found["processing"] = send(Act()).id
    claim()
    found["awaiting"] = StoredCommand.objects.get(
        cause_id=send_batch([Act()], on_success=Act(), not_before=clock.now() + timedelta(days=9))
    ).id
    found["later"] = send(Act(), delay=timedelta(hours=1)).id
    found["due"] = send(Act()).id
    found["unknown"] = uuid7()
    return found


def test_retrying_makes_what_waits_for_its_time_due_and_explains_the_rest():
    states = in_every_state()
    tally = retry_commands(list(states.values()), actor="ana", reason="now, please")
    assert tally == Tally(
        changed=1,
        skipped={
            "it is due already": 1,
            "it has failed for good: reprocess it instead": 2,
            "it is success, not waiting for its time": 1,
            "it is cancelled, not waiting for its time": 1,
            "it is processing, not waiting for its time": 1,
            "it is awaiting, not waiting for its time": 1,
            "it does not exist": 1,
        },
    )
    later = command(states["later"])
    assert (later.status, later.not_before <= clock.now()) == ("pending", True)


def test_a_retry_that_waits_runs_at_once_and_keeps_its_attempts():
    let_fail(ActAgain)
    identifier = send(ActAgain()).id
    run()
    forget()
    assert retry_commands([identifier], actor="ana").changed == 1
    run()
    assert (command(identifier).status, command(identifier).attempts) == ("success", 2)
    assert len(attempts(identifier)) == 1


def test_cancelling_ends_what_has_not_begun_and_explains_the_rest():
    states = in_every_state()
    tally = cancel_commands(list(states.values()), actor="ana", reason="not needed")
    assert tally == Tally(
        changed=3,
        skipped={
            "it is running already": 1,
            "it has ended: error": 2,
            "it has ended: success": 1,
            "it has ended: cancelled": 1,
            "it does not exist": 1,
        },
    )
    for name in ("awaiting", "later", "due"):
        stored = command(states[name])
        assert (stored.status, stored.error) == ("cancelled", "Cancelled by ana: not needed")
        assert stored.finished_at is not None
    assert command(states["processing"]).status == "processing"


def test_a_cancelled_command_never_runs():
    let(Act, note_effect)
    identifier = send(Act()).id
    cancel_commands([identifier], actor="ana")
    assert testing.run_until_idle(ignore_due_times=True) == 0
    assert not Entry.objects.exists()


def test_reprocessing_makes_a_linked_copy_and_explains_the_rest():
    states = in_every_state()
    tally = reprocess_commands(list(states.values()), actor="ana", reason="fixed")
    made = StoredCommand.objects.get(cause_id=states["error"]).id
    assert set(tally.made) == {made, StoredCommand.objects.get(cause_id=states["cancelled"]).id}
    assert (tally.changed, tally.skipped) == (
        2,
        {
            "it is success, neither failed nor cancelled": 1,
            "a reprocessing has already succeeded": 1,
            "it is processing, neither failed nor cancelled": 1,
            "it is awaiting, neither failed nor cancelled": 1,
            "it is pending, neither failed nor cancelled": 2,
            "it does not exist": 1,
        },
    )
    copy, root = command(made), command(states["error"])
    assert (copy.cause_kind, copy.cause_id, copy.status, copy.attempts) == ("reprocess", root.id, "pending", 0)
    assert copy.metadata == {"actor": "ana", "reason": "fixed"}
    for column in (
        "type",
        "payload",
        "tenant",
        "correlation_id",
        "queue",
        "priority",
        "max_attempts",
        "schema_version",
    ):
        assert getattr(copy, column) == getattr(root, column)


def test_the_history_of_a_reprocessed_command_stays():
    root = failed(Act())
    before = command(root)
    (made,) = reprocess_commands([root], actor="ana").made
    run()
    after = command(root)
    assert (after.status, after.error, after.finished_at, after.attempts) == (
        "error",
        before.error,
        before.finished_at,
        before.attempts,
    )
    assert after.healed_by == made
    assert len(attempts(root)) == 1


def test_a_second_reprocessing_is_refused_while_one_is_under_way():
    root = failed(Act())
    reprocess_commands([root], actor="ana")
    tally = reprocess_commands([root], actor="ben")
    assert (tally.changed, tally.skipped, tally.made) == (0, {"already being reprocessed": 1}, [])


def test_naming_a_command_twice_reprocesses_it_once():
    root = failed(Act())
    tally = reprocess_commands([root, root], actor="ana")
    assert (tally.changed, tally.skipped) == (1, {})


def test_a_reprocessing_that_failed_leaves_its_root_open_for_another():
    root = failed(Act())
    reprocess_commands([root], actor="ana")
    let_fail(Act)
    run()
    forget()
    assert command(root).healed_by is None
    assert not UniqueKey.objects.exists()
    assert reprocess_commands([root], actor="ana").changed == 1


def test_a_cancelled_reprocessing_leaves_its_root_open_for_another():
    root = failed(Act())
    (made,) = reprocess_commands([root], actor="ana").made
    cancel_commands([made], actor="ana")
    assert reprocess_commands([root], actor="ana").changed == 1


def test_a_reprocessing_cannot_itself_be_reprocessed():
    root = failed(Act())
    (made,) = reprocess_commands([root], actor="ana").made
    let_fail(Act)
    run()
    tally = reprocess_commands([made], actor="ana")
    assert (tally.changed, tally.skipped) == (0, {"it is itself a reprocessing: reprocess its root": 1})


def test_a_healed_command_is_not_reprocessed_again():
    root = failed(Act())
    reprocess_commands([root], actor="ana")
    run()
    assert reprocess_commands([root], actor="ana").skipped == {"a reprocessing has already succeeded": 1}


def test_a_reprocessing_has_the_attempts_of_its_root_for_itself():
    let_fail(ActAgain)
    root = send(ActAgain()).id
    for _ in range(3):
        make_due()
        run()
    (made,) = reprocess_commands([root], actor="ana").made
    for expected in ("pending", "pending", "error"):
        make_due()
        run()
        assert command(made).status == expected
    assert len(attempts(made)) == 3


def test_what_a_reprocessing_sets_off_knows_it_as_its_cause():
    root = failed(Act())
    let(Act, lambda message, work: work.send(ActElsewhere()) and None)
    (made,) = reprocess_commands([root], actor="ana").made
    run()
    assert StoredCommand.objects.get(type="tests.act_elsewhere").cause_id == made


def test_reprocessing_events_has_their_reactions_run_again():
    def fail(message, work):
        if message.number == 1:
            raise Refused

    let_react(Happened, fail)
    broken, fine = happen(Happened(number=1)), happen(Happened(number=2))
    react()
    let_react(Happened, lambda message, work: work.send(Act(number=message.number)))
    tally = reprocess_events([broken, fine, uuid7()], actor="ana")
    assert tally == Tally(changed=1, skipped={"it is success, not in error": 1, "it does not exist": 1})
    assert (event(broken).status, event(broken).error, event(broken).finished_at) == ("pending", "", None)
    testing.run_until_idle()
    assert event(broken).status == "success"
    assert StoredCommand.objects.get().cause_id == broken
    assert Attempt.objects.filter(subject_id=broken).count() == 1, "the failure stays on record"


def test_a_batch_is_reprocessed_by_its_unhealed_failures_only():
    identifier = failed_batch([Act(number=1), Act(number=2), ActElsewhere()])
    first = StoredCommand.objects.filter(batch_id=identifier, type="tests.act").order_by("id").first()
    reprocess_commands([first.id], actor="ana")
    run()
    tally = reprocess_batch(identifier, actor="ana")
    assert tally.changed == 1
    assert command(tally.made[0]).cause_id != first.id


def test_the_cancelled_members_of_a_batch_are_sent_after_all_and_heal_it():
    identifier = send_batch([Act(), Act()], on_success=ActElsewhere())
    cancel_batch(identifier, actor="ana")
    assert batch(identifier).status == "cancelled"
    tally = reinstate_batch(identifier, actor="ana")
    assert (tally.changed, tally.skipped) == (2, {})
    testing.run_until_idle()
    assert (batch(identifier).status, batch(identifier).cancelled_count) == ("success", 0)
    assert StoredCommand.objects.get(type="tests.act_elsewhere").status == "success"


def test_next_commands_that_were_cancelled_run_only_after_the_end_that_they_wait_for():
    identifier = send_batch([Act(), Act()], on_success=ActElsewhere(), on_failure=ActAgain())
    nexts = {row.release_on: row.id for row in StoredCommand.objects.filter(cause_id=identifier)}
    cancel_commands(list(nexts.values()), actor="ana")
    early = reprocess_commands(list(nexts.values()), actor="ana")
    assert early.skipped == {"its turn has not come: what it waited for did not happen": 2}
    run()
    late = reprocess_commands(list(nexts.values()), actor="ana")
    assert late.skipped == {"its turn has not come: what it waited for did not happen": 1}
    assert command(late.made[0]).cause_id == nexts["success"]


def test_a_batch_whose_failures_are_healed_is_cancelled_as_long_as_members_are():
    let(Act, lambda message, work: 1 / message.number)
    identifier = send_batch([Act(number=0), Act(number=1)])
    cancel_commands([StoredCommand.objects.filter(batch_id=identifier, payload__number=1).get().id], actor="ana")
    run()
    assert batch(identifier).status == "error"
    forget()
    assert reinstate_batch(identifier, actor="ana").changed == 1
    run()
    assert batch(identifier).status == "error"
    assert reprocess_batch(identifier, actor="ana").changed == 1
    run()
    assert batch(identifier).status == "success"


def test_healed_failures_beside_a_cancelled_member_leave_a_cancelled_batch_which_the_repair_finds_too():
    let(Act, lambda message, work: 1 / message.number)
    identifier = send_batch([Act(number=0), Act(number=1)])
    cancel_commands([StoredCommand.objects.filter(batch_id=identifier, payload__number=1).get().id], actor="ana")
    run()
    forget()
    reprocess_batch(identifier, actor="ana")
    execution.run(claim())
    Batch.objects.update(settled_at="2020-01-01T00:00Z")
    assert sweeping.repair() == 1
    assert (batch(identifier).status, batch(identifier).error_count) == ("cancelled", 0)
    assert sweeping.repair() == 0


def test_a_batch_is_cancelled_by_its_waiting_members_only(settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_size": 1}
    identifier = send_batch([Act(), Act(), Act()])
    run()
    claim()
    tally = cancel_batch(identifier, actor="ana")
    assert (tally.changed, tally.skipped) == (1, {})
    assert sorted(StoredCommand.objects.filter(batch_id=identifier).values_list("status", flat=True)) == [
        "cancelled",
        "processing",
        "success",
    ]
    assert batch(identifier).status == "processing"


def test_nothing_chosen_is_nothing_done():
    for operation in (retry_commands, cancel_commands, reprocess_commands, reprocess_events):
        assert operation([], actor="ana") == Tally()


def test_an_operation_in_a_transaction_that_rolls_back_has_done_nothing():
    root, waiting = failed(Act()), send(Act()).id
    with transaction.atomic():
        reprocess_commands([root], actor="ana")
        cancel_commands([waiting], actor="ana")
        transaction.set_rollback(True)
    assert command(waiting).status == "pending"
    assert StoredCommand.objects.count() == 2
    assert reprocess_commands([root], actor="ana").changed == 1


def test_an_operation_inside_a_callers_transaction_settles_after_its_commit():
    """As the console calls it: together with its audit entry."""
    identifier = send_batch([Act()])
    with transaction.atomic():
        cancel_batch(identifier, actor="ana")
        assert batch(identifier).status == "pending"
    assert batch(identifier).status == "cancelled"


@pytest.mark.parametrize("words", ["a\x00b", "\ud800", "x" * 10_000])
def test_a_reason_may_hold_anything(words: str, caplog: pytest.LogCaptureFixture):
    root, waiting = failed(Act()), send(Act()).id
    assert reprocess_commands([root], actor="ana", reason=words).changed == 1
    assert cancel_commands([waiting], actor="ana", reason=words).changed == 1
    assert caplog.text.encode(), "a log in UTF-8 cannot hold it"


def test_many_at_once_are_told_apart():
    roots = []
    let_fail(Act)
    roots = [send(Act(number=number)).id for number in range(50)]
    run()
    forget()
    half = reprocess_commands(roots[:25], actor="ana")
    tally = reprocess_commands(roots, actor="ben")
    assert (half.changed, tally.changed, tally.skipped) == (25, 25, {"already being reprocessed": 25})
    assert len(set(half.made) | set(tally.made)) == 50
