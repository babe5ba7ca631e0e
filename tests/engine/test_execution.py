"""One command, one transaction: effects, what was set off and the success commit together or not at all."""

import threading
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError, OperationalError

from opsconsole.engine import NotInTransaction, RetryAt, emit, execution, failing, send
from opsconsole.engine.faults import DatabaseAway
from opsconsole.engine.heartbeat import heart
from opsconsole.engine.models import Attempt, Claim
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.registry import HANDLERS
from opsconsole.kernel import clock
from tests.factories import (
    Refused,
    attempts,
    claim,
    command,
    let_fail,
    lose,
    make_due,
    note_effect,
    run,
    statuses,
)
from tests.handlers_app.messages import Act, ActAgain, ActElsewhere, ActOutside, ActTogether, ActVersioned, Happened
from tests.handlers_app.models import Entry, Page
from tests.handlers_app.scripts import forget, let


def test_a_success_leaves_its_effects_and_its_figures():
    let(Act, note_effect)
    identifier = send(Act(number=1)).id
    assert run() == 1
    stored = command(identifier)
    assert Entry.objects.filter(command_id=identifier).count() == 1
    assert (stored.status, stored.attempts, stored.claim_id, stored.place) == ("success", 1, None, None)
    assert stored.created_at <= stored.started_at <= stored.finished_at
    assert abs((stored.finished_at - stored.started_at - stored.duration).total_seconds()) < 0.001
    assert not Claim.objects.exists()
    assert not Attempt.objects.exists()


def test_a_failure_takes_its_effects_back_and_is_put_on_record():
    def fail(message, work):
        note_effect(message, work)
        emit(Happened())
        work.emit(Happened())
        work.send(Act(number=2))
        send(Act(number=3))
        raise Refused("it is 42 past 7")

    let(Act, fail)
    identifier = send(Act(number=1)).id
    run()
    stored = command(identifier)
    assert (stored.status, stored.attempts, stored.error_class, stored.error) == (
        "error",
        1,
        "Refused",
        "it is 42 past 7",
    )
    assert stored.finished_at is not None
    assert not Entry.objects.exists()
    assert not StoredEvent.objects.exists()
    assert StoredCommand.objects.count() == 1
    (attempt,) = attempts(identifier)
    assert (attempt.number, attempt.outcome, attempt.is_final, attempt.worker) == (1, "error", True, heart.name)
    assert (attempt.error_class, attempt.message) == ("Refused", "it is 42 past 7")
    assert 'raise Refused("it is 42 past 7")' in attempt.traceback
    assert len(attempt.fingerprint) == 16


def test_the_same_fault_has_the_same_fingerprint_whatever_it_is_about():
    numbers = iter((1, 22, 333))
    let_fail(Act, error=lambda: Refused(f"no student {next(numbers)}"))
    for _ in range(3):
        send(Act())
    run()
    assert len(set(Attempt.objects.values_list("fingerprint", flat=True))) == 1


def test_what_a_handler_sets_off_knows_its_cause():
    def fan_out(message, work):
        work.send(Act(number=2))
        work.emit(Happened(number=3))
        work.batch([Act(number=4)], on_success=Act(number=5))

    let(ActElsewhere, fan_out)
    identifier = send(ActElsewhere(), tenant="north").id
    run("elsewhere")
    cause = command(identifier)
    caused = [*StoredCommand.objects.filter(cause_id=identifier), *StoredEvent.objects.all()]
    assert len(caused) == 3
    for row in caused:
        assert (row.cause_kind, row.cause_id, row.tenant, row.correlation_id) == (
            "command",
            identifier,
            "north",
            cause.correlation_id,
        )


def test_plain_send_and_emit_inside_a_handler_know_it_too():
    def fan_out(message, work):
        send(Act(number=2))
        emit(Happened(number=3))

    let(ActElsewhere, fan_out)
    identifier = send(ActElsewhere(), tenant="north").id
    run("elsewhere")
    for row in (StoredCommand.objects.get(type="tests.act"), StoredEvent.objects.get()):
        assert (row.cause_kind, row.cause_id, row.tenant, row.correlation_id) == (
            "command",
            identifier,
            "north",
            identifier,
        )


def test_the_actor_of_a_flow_is_carried_through_its_commands():
    from opsconsole.kernel.tracing import Cause, acting_for

    let(ActElsewhere, lambda message, work: work.send(Act()) and None)
    with acting_for(Cause("user", metadata={"actor": "ana"})):
        send(ActElsewhere())
    run("elsewhere")
    assert StoredCommand.objects.get(type="tests.act").metadata == {"actor": "ana"}


def test_a_worker_that_lost_its_lease_cannot_finish():
    let(Act, note_effect)
    identifier = send(Act()).id
    chunk = claim()
    lose(chunk)
    execution.run(chunk)
    assert not Entry.objects.exists()
    assert command(identifier).status == "pending"
    make_due()
    run()
    assert Entry.objects.count() == 1
    assert command(identifier).status == "success"


def test_a_worker_that_lost_its_lease_while_its_handler_ran_cannot_finish():
    identifier = send(Act()).id
    chunk = claim()
    other = threading.Thread(target=_lose_elsewhere, args=(chunk,))

    def be_frozen(message, work):
        note_effect(message, work)
        work.send(Act(number=2))
        other.start()
        other.join()

    let(Act, be_frozen)
    execution.run(chunk)
    assert not Entry.objects.exists()
    assert StoredCommand.objects.count() == 1
    assert command(identifier).status == "pending"


def test_a_worker_that_lost_its_lease_cannot_record_a_failure():
    identifier = send(ActAgain()).id
    chunk = claim()

    def fail(message, work):
        _in_another_thread(_lose_elsewhere, chunk)
        raise Refused

    let(ActAgain, fail)
    execution.run(chunk)
    assert (command(identifier).status, command(identifier).error_class) == ("pending", "WorkerLost")
    assert [attempt.outcome for attempt in attempts(identifier)] == ["lost"]


def test_a_worker_whose_failure_came_too_late_begins_nothing_more_of_its_chunk():
    """Outside a transaction, what it began would be done twice."""
    begun = []
    for number in range(3):
        send(ActOutside(number=number))
    chunk = claim()

    def fail(message, work):
        begun.append(message.number)
        _in_another_thread(_lose_elsewhere, chunk)
        raise Refused

    let(ActOutside, fail)
    execution.run(chunk)
    assert begun == [0]
    assert chunk.held.is_lost.is_set()
    assert statuses() == ["pending"] * 3


@pytest.mark.parametrize("ends_well", [True, False])
def test_a_worker_cannot_end_what_another_one_is_running_now(ends_well):
    identifier = send(ActAgain()).id
    late = claim()
    lose(late)
    make_due()
    present = claim()

    def be_late(message, work):
        note_effect(message, work)
        if not ends_well:
            raise Refused

    let(ActAgain, be_late)
    execution.run(late)
    stored = command(identifier)
    assert (stored.status, stored.claim_id) == ("processing", present.held.claim_id)
    assert [attempt.outcome for attempt in attempts(identifier)] == ["lost"]
    assert not Entry.objects.exists()


def test_after_losing_its_lease_a_worker_leaves_the_rest_of_its_chunk_alone():
    first, second = send(Act(number=1)).id, send(Act(number=2)).id
    chunk = claim()

    def be_slow(message, work):
        note_effect(message, work)
        if message.number == 1:
            _in_another_thread(_lose_elsewhere, chunk)

    let(Act, be_slow)
    execution.run(chunk)
    assert not Entry.objects.exists()
    assert {command(first).status, command(second).status} == {"pending"}


def test_a_handler_that_swallows_a_database_error_does_not_succeed():
    def swallow(message, work):
        Entry.objects.create(command_id=work.id)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 / 0")
        except Exception:  # the mistake under test
            pass

    let(Act, swallow)
    identifier = send(Act()).id
    run()
    assert command(identifier).status == "error"
    assert not Entry.objects.exists()


def test_a_handler_that_swallows_an_error_of_an_inner_block_without_savepoint_does_not_succeed():
    def swallow(message, work):
        Entry.objects.create(command_id=work.id)
        try:
            with transaction.atomic(savepoint=False):
                raise Refused
        except Refused:
            pass

    let(Act, swallow)
    identifier = send(Act()).id
    run()
    assert command(identifier).status == "error"
    assert not Entry.objects.exists()


def test_a_handler_may_use_savepoints_of_its_own():
    def try_and_go_on(message, work):
        with transaction.atomic():
            note_effect(message, work)
        with pytest.raises(Refused), transaction.atomic():
            note_effect(message, work)
            raise Refused

    let(Act, try_and_go_on)
    identifier = send(Act()).id
    run()
    assert command(identifier).status == "success"
    assert Entry.objects.count() == 1


def test_an_events_emitted_in_a_savepoint_that_rolled_back_did_not_happen():
    def try_and_go_on(message, work):
        with pytest.raises(Refused), transaction.atomic():
            emit(Happened(number=1))
            raise Refused
        emit(Happened(number=2))

    let(Act, try_and_go_on)
    send(Act())
    run()
    assert [row.data["number"] for row in StoredEvent.objects.all()] == [2]


def test_a_constraint_that_fails_only_at_commit_fails_the_command():
    def break_the_law(message, work):
        note_effect(message, work)
        work.send(Act(number=2))
        Page.objects.create(entry_id=404, number=1)

    let(ActElsewhere, break_the_law)
    identifier = send(ActElsewhere()).id
    run("elsewhere")
    stored = command(identifier)
    assert (stored.status, stored.error_class) == ("error", "IntegrityError")
    assert not Entry.objects.exists()
    assert not Page.objects.exists()
    assert StoredCommand.objects.count() == 1


def test_the_rest_of_the_chunk_is_not_harmed_by_a_failing_commit():
    def break_the_law(message, work):
        if message.number == 1:
            Page.objects.create(entry_id=404, number=1)
        note_effect(message, work)

    let(Act, break_the_law)
    broken, fine = send(Act(number=1)).id, send(Act(number=2)).id
    run()
    assert (command(broken).status, command(fine).status) == ("error", "success")
    assert Entry.objects.get().command_id == fine


def test_a_handler_cannot_commit_its_effects_apart_from_its_success():
    def commit(message, work):
        note_effect(message, work)
        transaction.commit()

    let(Act, commit)
    identifier = send(Act()).id
    run()
    assert (command(identifier).status, command(identifier).error_class) == ("error", "TransactionManagementError")
    assert not Entry.objects.exists()


def test_a_command_is_never_run_inside_a_transaction_of_somebody_else():
    let(Act, note_effect)
    identifier = send(Act()).id
    chunk = claim()
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        execution.run(chunk)
    assert not Entry.objects.exists()
    assert command(identifier).status == "processing"
    lose(chunk)


def test_a_conflict_between_transactions_is_tried_again_at_once_and_spends_nothing():
    tries = []

    def collide(message, work):
        tries.append(work.attempt)
        note_effect(message, work)
        if len(tries) < 3:
            with connection.cursor() as cursor:
                cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$")

    let(Act, collide)
    identifier = send(Act()).id
    run()
    assert tries == [1, 1, 1]
    assert (command(identifier).status, command(identifier).attempts) == ("success", 1)
    assert Entry.objects.count() == 1
    assert not attempts(identifier)


def test_endless_conflicts_are_a_failure_like_any_other():
    tries = []

    def collide(message, work):
        tries.append(1)
        with connection.cursor() as cursor:
            cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'no luck' USING ERRCODE = '40001'; END $$")

    let(ActAgain, collide)
    identifier = send(ActAgain()).id
    run()
    assert len(tries) == 1 + execution.CONFLICT_RETRIES
    assert (command(identifier).status, command(identifier).attempts) == ("pending", 1)


def test_a_real_deadlock_costs_no_attempt():
    first, second = Entry.objects.create(command_id="0" * 32), Entry.objects.create(command_id="1" * 32)
    both_hold = threading.Barrier(2, timeout=10)
    crossed = []

    def lock_crosswise(message, work):
        order = (first, second) if message.number == 1 else (second, first)
        Entry.objects.select_for_update().get(pk=order[0].pk)
        if message.number not in crossed:
            crossed.append(message.number)
            both_hold.wait()
        Entry.objects.select_for_update().get(pk=order[1].pk)
        note_effect(message, work)

    let(Act, lock_crosswise)
    let(ActElsewhere, lock_crosswise)
    commands = send(Act(number=1)).id, send(ActElsewhere(number=2)).id
    here, there = claim(), claim("elsewhere")
    thread = threading.Thread(target=_run_elsewhere, args=(there,))
    thread.start()
    execution.run(here)
    thread.join()
    assert [(command(one).status, command(one).attempts) for one in commands] == [("success", 1)] * 2
    assert Entry.objects.filter(command_id__in=commands).count() == 2


def test_a_handler_outside_a_transaction_keeps_its_own_commits():
    def write_and_fail(message, work):
        assert not connection.in_atomic_block
        note_effect(message, work)
        work.send(Act(number=2))
        raise Refused

    let(ActOutside, write_and_fail)
    identifier = send(ActOutside()).id
    run()
    assert (command(identifier).status, command(identifier).attempts) == ("pending", 1)
    assert Entry.objects.count() == 1
    assert StoredCommand.objects.count() == 1, "what it wanted to send is stored with its success only"


def test_a_handler_outside_a_transaction_stores_what_it_set_off_with_its_success():
    def set_off(message, work):
        work.send(Act(number=2))
        work.emit(Happened(number=3))

    let(ActOutside, set_off)
    identifier = send(ActOutside()).id
    run()
    assert command(identifier).status == "success"
    assert StoredCommand.objects.get(type="tests.act").cause_id == identifier
    assert StoredEvent.objects.get().cause_id == identifier


@pytest.mark.parametrize(("conflicts", "status"), [(1, "success"), (1 + execution.CONFLICT_RETRIES, "pending")])
def test_a_handler_outside_a_transaction_runs_once_although_its_success_meets_conflicts(monkeypatch, conflicts, status):
    calls, met = [], []
    real = execution.OwnTransaction.commit_with

    def collide(own, last):
        met.append(1)
        if len(met) <= conflicts:
            with connection.cursor() as cursor:
                cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$")
        real(own, last)

    def set_off(message, work):
        calls.append(1)
        work.send(Act(number=2), unique="one")
        work.batch([Act(number=3)])
        work.emit(Happened(), stream="s", expected=0)

    monkeypatch.setattr(execution.OwnTransaction, "commit_with", collide)
    let(ActOutside, set_off)
    identifier = send(ActOutside()).id
    run()
    assert (command(identifier).status, len(calls)) == (status, 1)
    assert StoredCommand.objects.filter(type="tests.act").count() == (2 if status == "success" else 0)
    assert StoredEvent.objects.count() == (1 if status == "success" else 0)


def test_emitting_directly_in_a_handler_outside_a_transaction_is_refused():
    def emit_at_once(message, work):
        with pytest.raises(NotInTransaction):
            emit(Happened())

    let(ActOutside, emit_at_once)
    identifier = send(ActOutside()).id
    run()
    assert command(identifier).status == "success"
    assert not StoredEvent.objects.exists()


def test_the_key_for_the_outside_world_stays_the_same_over_tries_and_reprocessings():
    from opsconsole.engine.operations import reprocess_commands

    keys = []

    def call(message, work):
        keys.append(work.idempotency_key)
        raise Refused

    let(ActOutside, call)
    identifier = send(ActOutside()).id
    for _ in range(3):
        make_due()
        run()
    assert command(identifier).status == "error"
    reprocess_commands([identifier], actor="ana")
    run()
    assert keys == [str(identifier)] * 4


def test_a_payload_that_no_longer_fits_fails_at_once_and_says_why():
    identifier = send(ActAgain()).id
    StoredCommand.objects.filter(pk=identifier).update(payload={"number": "many"})
    run()
    stored = command(identifier)
    assert (stored.status, stored.error_class) == ("error", "InvalidPayload")
    assert "number" in stored.error
    assert "valid integer" in stored.error


def test_a_payload_of_an_older_version_is_brought_up_to_date():
    seen = []
    let(ActVersioned, lambda message, work: seen.append(message.number))
    identifier = send(ActVersioned(number=1)).id
    StoredCommand.objects.filter(pk=identifier).update(payload={"count": 5}, schema_version=1)
    run()
    assert seen == [5]
    assert command(identifier).status == "success"


def test_a_type_that_no_code_knows_waits_for_a_deployment_without_spending_tries():
    identifier = send(Act()).id
    StoredCommand.objects.filter(pk=identifier).update(type="tests.of_tomorrow")
    run()
    stored = command(identifier)
    assert (stored.status, stored.attempts) == ("pending", 0)
    assert 25 < (stored.not_before - stored.created_at).total_seconds() < 40
    (attempt,) = attempts(identifier)
    assert (attempt.outcome, attempt.is_final) == ("snoozed", False)
    assert "tests.of_tomorrow" in attempt.message


@pytest.mark.parametrize(("grace", "status"), [(600.0, "pending"), (0.0, "error")])
def test_a_payload_of_a_newer_version_waits_for_a_deployment_too(settings, grace, status):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "unknown_grace": grace}
    identifier = send(ActVersioned(number=1)).id
    StoredCommand.objects.filter(pk=identifier).update(payload={"total": 5}, schema_version=3)
    run()
    assert (command(identifier).status, command(identifier).error_class) == (status, "NewerVersion")
    assert "stored as version 3" in attempts(identifier)[0].message


def test_a_type_that_nobody_came_to_know_fails_in_the_end(settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "unknown_grace": 0.0}
    identifier = send(Act()).id
    StoredCommand.objects.filter(pk=identifier).update(type="tests.of_yesterday")
    run()
    assert (command(identifier).status, command(identifier).error_class) == ("error", "NoHandler")
    assert "tests.of_yesterday" in command(identifier).error


def test_a_command_that_waited_long_for_its_time_is_given_as_long_to_be_known_as_any(settings):
    """From when it was first looked at in vain, however old it is, and anew when it was known in between."""
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "unknown_grace": 45.0}
    with clock.freeze(clock.now() + timedelta(days=1)):
        identifier = send(Act()).id
        StoredCommand.objects.filter(pk=identifier).update(type="tests.of_tomorrow")
        seen = []
        for number in range(5):
            if number == 2:
                _tried_as_what_it_was(identifier)
            run()
            seen.append(command(identifier).status)
            clock.advance(timedelta(seconds=31))
    assert seen == ["pending", "pending", "pending", "pending", "error"]


def _tried_as_what_it_was(identifier: UUID) -> None:
    Attempt.objects.create(
        subject_kind="command", subject_id=identifier, type="tests.of_tomorrow", number=1, outcome="retry",
        ended_at=clock.now(), error_class="Refused",
    )  # fmt: skip


def test_a_command_whose_handler_was_deleted_waits_and_runs_once_it_is_back(monkeypatch):
    let(Act, note_effect)
    identifier = send(Act()).id
    entry = HANDLERS.get("tests.act")
    HANDLERS.remove("tests.act")
    try:
        run()
        assert command(identifier).status == "pending"
    finally:
        HANDLERS.add("tests.act", entry)
    make_due()
    run()
    assert command(identifier).status == "success"


def test_an_unknown_name_inside_a_handler_is_its_own_failure():
    let(Act, lambda message, work: HANDLERS.get("tests.nothing") and None)
    identifier = send(Act()).id
    run()
    assert (command(identifier).status, command(identifier).error_class) == ("error", "UnknownName")


@pytest.mark.parametrize("number", [1, 2])
def test_what_was_not_begun_when_an_error_of_ours_ends_the_chunk_is_given_back(monkeypatch, number):
    sent = [send(Act(number=one)).id for one in range(3)]
    real, calls = execution.execute, []

    def stumble(*arguments):
        calls.append(1)
        if len(calls) == number:
            raise OSError("out of file descriptors")
        real(*arguments)

    monkeypatch.setattr(execution, "execute", stumble)
    with pytest.raises(OSError):
        execution.run(claim())
    assert [command(one).status for one in sent] == ["success"] * (number - 1) + ["pending"] * (4 - number)
    assert not Claim.objects.exists()
    assert not heart._held


@pytest.mark.parametrize("message", [Act, ActTogether])
def test_a_command_whose_outcome_cannot_be_recorded_keeps_its_queue_waiting_no_longer(monkeypatch, message):
    """It comes back alone and ever more seldom, as one that breaks its connection does."""
    broken, fine = send(message(number=1)).id, send(message(number=2)).id
    let_fail(message)

    def refuse(*arguments):
        raise DatabaseError("no partition for it")

    monkeypatch.setattr(failing, "_write", refuse)
    with pytest.raises(DatabaseError):
        run()
    monkeypatch.undo()
    assert (command(broken).status, command(broken).attempts, command(broken).losses) == ("pending", 0, 1)
    assert command(broken).not_before > command(broken).created_at
    if message is Act:
        forget()
        assert [one.id for one in claim().commands] == [fine]


def test_an_interrupt_makes_a_suspect_of_the_command_that_ran():
    def interrupt(message, work):
        raise KeyboardInterrupt

    let(Act, interrupt)
    running, waiting = send(Act(number=1)).id, send(Act(number=2)).id
    with pytest.raises(KeyboardInterrupt):
        run()
    assert [command(one).losses for one in (running, waiting)] == [1, 0]


def test_a_handler_that_polls_for_years_has_its_tries_counted():
    """RetryAt spends a try and has no limit; once a minute it passes what two bytes hold in three weeks."""
    let(Act, lambda message, work: RetryAt(clock.now(), reason="not yet"))
    polling, lost = send(Act()).id, send(Act()).id
    StoredCommand.objects.update(attempts=32_767)
    run()
    for identifier in (polling, lost):
        assert (command(identifier).status, command(identifier).attempts) == ("pending", 32_768)
        assert attempts(identifier)[0].number == 32_768
    make_due(lost)
    lose(claim())
    assert command(lost).attempts == 32_769
    let(Act, note_effect)
    make_due(polling)
    run()
    assert (command(polling).status, command(polling).attempts) == ("success", 32_769)


def test_a_chunk_gives_back_what_it_has_no_time_for(settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_seconds": 0.0}
    sent = [send(Act(number=one)).id for one in range(3)]
    chunk = claim()
    rest = [one.id for one in chunk.commands][1:]
    execution.run(chunk)
    assert command(sent[0]).status == "success"
    assert {command(one).status for one in rest} <= {"pending"}
    assert not Claim.objects.exists()


def test_a_hook_that_fails_after_the_commit_does_not_undo_the_success():
    def hook_and_go(message, work):
        note_effect(message, work)
        transaction.on_commit(_fail)

    let(Act, hook_and_go)
    identifier = send(Act()).id
    assert run() == 1, "it has ended, whatever its hook does"
    assert command(identifier).status == "success"
    assert Entry.objects.count() == 1
    assert not attempts(identifier)


def test_a_hook_that_meets_a_conflict_after_the_commit_does_not_run_the_handler_again():
    runs = []

    def hook_and_go(message, work):
        runs.append(1)
        note_effect(message, work)
        transaction.on_commit(_collide)

    let(Act, hook_and_go)
    identifier, following = send(Act()).id, send(Act(number=2)).id
    run()
    assert (command(identifier).status, command(following).status) == ("success", "success")
    assert len(runs) == 2
    assert Entry.objects.count() == 2


class Unprintable(Exception):
    def __str__(self):
        raise ValueError("no words for it")


class Answering(Exception):
    outcome = "an attribute that other libraries' exceptions have, too"


def _exit():
    raise SystemExit(1)


def _raise(error):
    raise error


@pytest.mark.parametrize(
    ("behave", "name"),
    [
        (lambda message, work: _raise(Unprintable()), "Unprintable"),
        (lambda message, work: _raise(Answering()), "Answering"),
        (lambda message, work: _raise(Refused("a\x00b\ud800" * 3_000)), "Refused"),
        (lambda message, work: _exit(), "SystemExit"),
        (lambda message, work: "done", "TypeError"),
        (lambda message, work: work.send(Act(), queue="q" * 61) and None, "ValueError"),
        (lambda message, work: work.send(Act(), priority=100_000) and None, "DataError"),
        (
            lambda message, work: work.log("\x00 \ud800", number=float("nan"), what=object()) or _raise(Refused()),
            "Refused",
        ),
    ],
    ids=["unprintable", "outcome attribute", "odd text", "exit", "wrong answer", "queue", "priority", "odd notes"],
)
def test_whatever_a_handler_does_its_failure_is_recorded_and_its_neighbours_run(behave, name):
    let(ActElsewhere, lambda message, work: behave(message, work) if message.number == 1 else None)
    broken, fine = send(ActElsewhere(number=1)).id, send(ActElsewhere(number=2)).id
    run("elsewhere")
    assert (command(broken).status, command(broken).error_class) == ("error", name)
    assert command(fine).status == "success"
    assert len(attempts(broken)) == 1


def test_notes_are_kept_with_the_success():
    let(Act, lambda message, work: work.log("took a look", pages=3, odd="\x00"))
    identifier = send(Act()).id
    run()
    (line,) = command(identifier).log
    assert (line["text"], line["pages"], line["odd"]) == ("took a look", 3, "␀")
    assert set(line) == {"at", "text", "pages", "odd"}


def test_notes_are_kept_with_the_failure():
    def fail(message, work):
        work.log("looked", page=1)
        raise Refused

    let(Act, fail)
    identifier = send(Act()).id
    run()
    (attempt,) = attempts(identifier)
    assert attempt.log[0]["text"] == "looked"
    assert command(identifier).log is None


def test_notes_are_bounded():
    def chatter(message, work):
        for number in range(1_000):
            work.log(str(number))

    let(Act, chatter)
    identifier = send(Act()).id
    run()
    assert len(command(identifier).log) == 200


def test_a_broken_connection_blames_nobody_and_the_command_runs_again():
    def hang_up(message, work):
        note_effect(message, work)
        if Entry.objects.using("default").count() == 1 and not hung_up:
            hung_up.append(1)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    hung_up: list[int] = []
    let(Act, hang_up)
    identifier = send(Act()).id
    with pytest.raises(DatabaseAway):
        run()
    connection.close()
    heart.beat()
    assert command(identifier).status == "pending"
    assert command(identifier).attempts == 0
    make_due()
    run()
    assert command(identifier).status == "success"
    assert Entry.objects.count() == 1


def _end_this_connection():
    """From another connection, so that the handler notices nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    finally:
        other.close()


@pytest.mark.parametrize("message", [Act, ActOutside])
def test_a_connection_that_is_found_broken_only_by_the_commit_blames_nobody(message):
    broken: list[int] = []

    def be_cut_off(command, work):
        Entry.objects.create(command_id=work.id) if message is Act else None
        if not broken:
            broken.append(1)
            _end_this_connection()

    let(message, be_cut_off)
    identifier = send(message()).id
    with pytest.raises(DatabaseAway):
        run()
    connection.close()
    heart.beat()
    assert (command(identifier).status, command(identifier).attempts) == ("pending", 0)
    assert not attempts(identifier)
    make_due()
    run()
    assert command(identifier).status == "success"


def test_a_command_that_breaks_its_connection_every_time_does_so_alone_ever_more_seldom_and_not_for_ever():
    """Perhaps it brings the whole server down."""
    let(Act, lambda message, work: _end_this_connection() if message.number == 13 else None)
    deadly, innocent = send(Act(number=13)).id, send(Act(number=1)).id
    waits = []
    for losses in range(1, execution.MOST_LOSSES + 1):
        make_due(deadly)
        with pytest.raises(DatabaseAway):
            run()
        connection.close()
        heart.beat()
        stored = command(deadly)
        assert (stored.status, stored.attempts, stored.losses) == ("pending", 0, losses)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXTRACT(epoch FROM not_before - now()) FROM ops_engine_command WHERE id = %s", [deadly]
            )
            waits.append(round(cursor.fetchone()[0]))
        if losses == 1:
            assert command(innocent).losses == 0
            run()
            assert command(innocent).status == "success"
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]
    make_due(deadly)
    run()
    assert (command(deadly).status, command(deadly).error_class) == ("error", "LostTooOften")
    assert len(attempts(deadly)) == 1


def test_a_connection_that_broke_while_nothing_ran_blames_nobody():
    identifier = send(Act()).id
    chunk = claim()
    _end_this_connection()
    with pytest.raises(DatabaseAway):
        execution.run(chunk)
    connection.close()
    heart.beat()
    assert (command(identifier).status, command(identifier).attempts) == ("pending", 0)


def test_a_connection_that_breaks_while_a_failure_is_recorded_blames_nobody(monkeypatch):
    real = failing.judge

    def judge(*arguments):
        _end_this_connection()
        return real(*arguments)

    monkeypatch.setattr(failing, "judge", judge)
    let_fail(Act)
    identifier = send(Act()).id
    with pytest.raises(DatabaseAway):
        run()
    connection.close()
    heart.beat()
    assert (command(identifier).status, command(identifier).attempts) == ("pending", 0)
    assert not attempts(identifier)


def test_a_failure_is_on_record_although_the_handlers_connection_broke():
    def fail(message, work):
        _end_this_connection()
        raise Refused

    let(Act, fail)
    identifier = send(Act()).id
    run()
    assert (command(identifier).status, command(identifier).error_class) == ("error", "Refused")


def test_a_handler_that_ends_its_transaction_with_sql_is_no_success():
    def end_it(message, work):
        note_effect(message, work)
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK")

    let(Act, end_it)
    identifier = send(Act()).id
    run()
    assert (command(identifier).status, command(identifier).error_class) == ("error", "TransactionManagementError")


def test_a_handler_may_stream_rows_and_lock_them():
    def read(message, work):
        Entry.objects.bulk_create(Entry(command_id=work.id) for _ in range(10))
        assert len(list(Entry.objects.select_for_update().iterator(chunk_size=3))) == 10

    let(Act, read)
    identifier = send(Act()).id
    run()
    assert command(identifier).status == "success"


def test_a_durable_block_inside_a_handler_is_refused():
    def commit_apart(message, work):
        with transaction.atomic(durable=True):
            note_effect(message, work)

    let(Act, commit_apart)
    identifier = send(Act()).id
    run()
    assert (command(identifier).status, command(identifier).error_class) == ("error", "RuntimeError")


def test_hooks_of_a_handler_run_after_its_commit_and_not_after_its_failure():
    seen = []

    def hook(message, work):
        transaction.on_commit(lambda: seen.append((message.number, command(work.id).status)))
        if message.number == 2:
            raise Refused

    let(Act, hook)
    for number in (1, 2, 3):
        send(Act(number=number))
    run()
    assert seen == [(1, "success"), (3, "success")]


def test_a_handler_may_close_its_connection_only_at_its_own_cost():
    let(ActElsewhere, lambda message, work: connection.close() if message.number == 1 else None)
    broken, fine = send(ActElsewhere(number=1)).id, send(ActElsewhere(number=2)).id
    try:
        run("elsewhere")
    except DatabaseAway:
        heart.beat()
    assert command(broken).status in ("error", "pending")
    assert command(fine).status in ("success", "pending")
    assert not connection.in_atomic_block


def test_a_connection_that_breaks_as_the_chunk_is_released_is_not_held_for_ever(monkeypatch):
    """Else the heart would renew the claim for as long as the process lives."""
    identifiers = [send(Act(number=number)).id for number in range(2)]
    chunk = claim()

    def break_down(*arguments):
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr("opsconsole.engine.claiming.give_back", break_down)
    with pytest.raises(OperationalError):
        execution.run(chunk)
    assert not heart._held
    assert [command(one).status for one in identifiers] == ["success"] * 2


def _in_another_thread(function, *arguments):
    thread = threading.Thread(target=function, args=arguments)
    thread.start()
    thread.join()


def _lose_elsewhere(chunk):
    try:
        lose(chunk)
    finally:
        connection.close()


def _run_elsewhere(chunk):
    try:
        execution.run(chunk)
    finally:
        connection.close()


def _fail():
    raise Refused("after the commit")


def _collide():
    with connection.cursor() as cursor:
        cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$")
