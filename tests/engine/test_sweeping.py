"""What a crash left is put right: lost claims given to others, the one that was running charged, nobody else blamed."""

from datetime import timedelta

import pytest
from django.db import connection

from opsconsole.engine import Workflow, execution, rounds, send, send_batch, sweeping
from opsconsole.engine.heartbeat import heart
from opsconsole.engine.models import Attempt, Batch, Claim, Pause, Runner, Step, UniqueKey
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.operations import reprocess_commands
from opsconsole.kernel import clock
from tests.factories import Refused, attempts, batch, claim, command, expire, let_fail, lose, make_due, note_effect, run
from tests.handlers_app.messages import Act, ActAgain, ActTogether
from tests.handlers_app.models import Entry
from tests.handlers_app.scripts import forget, let


def test_a_claim_that_is_renewed_is_left_alone():
    identifier = send(Act()).id
    claim()
    assert sweeping.sweep() == 0
    assert command(identifier).status == "processing"


def test_a_heartbeat_keeps_a_claim_from_the_sweeper():
    send(Act())
    chunk = claim()
    expire(chunk)
    heart._held[chunk.held.claim_id] = chunk.held
    heart.beat()
    assert sweeping.sweep() == 0
    assert Claim.objects.get().lease_until > Claim.objects.get().created_at


def test_a_lease_from_before_the_clock_was_set_back_ends_all_the_same():
    """And nobody who lives is charged: there is a whole lease left to renew it."""
    send(Act(number=1))
    ahead = claim().held.claim_id
    Claim.objects.update(lease_until=clock.now() + timedelta(hours=1))
    send(Act(number=2))
    usual = claim().held.claim_id
    left = Claim.objects.get(pk=usual).lease_until
    assert sweeping.sweep() == 0
    assert left <= Claim.objects.get(pk=ahead).lease_until <= clock.now() + timedelta(seconds=21)
    assert Claim.objects.get(pk=usual).lease_until == left


def test_the_one_that_was_running_is_charged_and_the_others_return_untouched():
    identifiers = [send(ActAgain(number=number)).id for number in range(3)]
    chunk = claim()
    execution.execute(chunk.commands[0], chunk.held, execution.HANDLERS.get("tests.act_again"), execution.Finished())
    lose(chunk)
    done, running, waiting = (command(one) for one in identifiers)
    assert (done.status, done.attempts, done.losses) == ("success", 1, 0)
    assert (running.status, running.attempts, running.losses, running.error_class) == ("pending", 1, 1, "WorkerLost")
    assert (waiting.status, waiting.attempts, waiting.losses, waiting.error_class) == ("pending", 0, 0, "")
    assert (waiting.started_at, waiting.claim_id, waiting.place) == (None, None, None)
    assert waiting.not_before == waiting.created_at
    assert running.not_before > running.created_at
    (attempt,) = Attempt.objects.all()
    assert (attempt.subject_id, attempt.number, attempt.outcome, attempt.is_final) == (running.id, 1, "lost", False)
    assert (attempt.worker, attempt.error_class) == (heart.name, "WorkerLost")
    assert not Claim.objects.exists()


def test_a_command_that_kills_its_worker_is_given_up_after_its_attempts_and_blames_no_other():
    deadly, others = send(Act(number=13)).id, [send(Act(number=number)).id for number in range(5)]
    let(Act, note_effect)
    losses = 0
    for _ in range(20):
        make_due()
        if command(deadly).status == "error":
            break
        chunk = claim()
        if deadly in {one.id for one in chunk.commands}:
            losses += 1
            lose(chunk)
        else:
            execution.run(chunk)
    stored = command(deadly)
    assert (stored.status, stored.error_class, losses) == ("error", "WorkerLost", 3)
    assert stored.finished_at is not None
    run() if StoredCommand.objects.filter(status="pending").exists() else None
    assert [command(one).status for one in others] == ["success"] * 5
    assert [command(one).losses for one in others] == [0] * 5
    assert [attempt.outcome for attempt in attempts(deadly)] == ["lost"] * 3
    assert [attempt.is_final for attempt in attempts(deadly)] == [False, False, True]
    assert not Attempt.objects.exclude(subject_id=deadly).exists()


def test_a_lost_worker_counts_as_one_of_the_attempts_of_a_policy():
    identifier = send(ActAgain()).id
    lose(claim())
    let_fail(ActAgain)
    for _ in range(2):
        make_due()
        run()
    assert command(identifier).status == "error"
    assert [attempt.outcome for attempt in attempts(identifier)] == ["lost", "retry", "error"]
    assert [attempt.number for attempt in attempts(identifier)] == [1, 2, 3]


def test_a_command_without_retries_survives_the_loss_of_a_worker():
    """Losing a worker is no failure of the handler."""
    identifier = send(Act()).id
    lose(claim())
    make_due()
    run()
    assert command(identifier).status == "success"


def test_among_many_at_once_nobody_is_charged_and_each_is_tried_again_alone():
    identifiers = [send(ActTogether(number=number)).id for number in range(6)]
    chunk = claim()
    Claim.objects.update(threads=4)
    lose(chunk)
    assert [command(one).attempts for one in identifiers] == [0] * 6
    assert [command(one).losses for one in identifiers] == [1] * 4 + [0] * 2
    assert not Attempt.objects.exists()
    StoredCommand.objects.filter(losses=1).update(not_before=clock.now() - timedelta(seconds=1))
    make_due(*identifiers[4:])
    assert len(claim().commands) == 2
    for _ in range(4):
        assert len(claim().commands) == 1


def test_the_one_that_loses_its_worker_while_alone_is_the_culprit():
    send(ActTogether(number=1))
    chunk = claim()
    Claim.objects.update(threads=4)
    lose(chunk)
    (attempt,) = Attempt.objects.all()
    assert attempt.outcome == "lost"


def test_the_wait_after_a_loss_grows():
    identifier = send(ActAgain()).id
    waits = []
    for _ in range(2):
        lose(claim())
        row = attempts(identifier)[-1]
        waits.append((row.retry_at - row.ended_at) / timedelta(seconds=1))
        make_due()
    assert waits == [pytest.approx(1.0), pytest.approx(2.0)]


def test_a_claim_that_came_alive_again_is_not_taken_back():
    """The deleting statement repeats the condition: what an earlier look said does not count."""
    identifier = send(Act()).id
    chunk = claim()
    assert sweeping.take_back(chunk.held.claim_id, "command") is False
    assert command(identifier).status == "processing"
    assert Claim.objects.filter(pk=chunk.held.claim_id).exists()


def test_a_claim_is_taken_back_once():
    identifier = send(Act()).id
    chunk = claim()
    expire(chunk)
    assert sweeping.take_back(chunk.held.claim_id, "command") is True
    assert sweeping.take_back(chunk.held.claim_id, "command") is False
    assert command(identifier).attempts == 1
    assert len(attempts(identifier)) == 1


def test_a_claim_without_rows_left_is_cleared_away():
    send(Act())
    chunk = claim()
    execution.execute(chunk.commands[0], chunk.held, execution.HANDLERS.get("tests.act"), execution.Finished())
    lose(chunk)
    assert not Attempt.objects.exists()


def test_a_given_up_command_lets_its_unique_key_go(settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "max_losses": 1}
    send(Act(), unique="one")
    lose(claim())
    assert not UniqueKey.objects.exists()
    assert send(Act(), unique="one").is_new


def test_processes_that_are_gone_are_forgotten_and_others_are_not():
    heart.beat()
    Runner.objects.create(name="gone:1", kind="worker", host="gone", pid=1)
    Runner.objects.filter(name="gone:1").update(seen_at="2020-01-01T00:00Z")
    sweeping.forget_the_gone()
    assert list(Runner.objects.values_list("name", flat=True)) == [heart.name]


def test_windows_and_pauses_that_have_passed_are_forgotten_and_others_are_not():
    send(Act(), unique="for an hour", unique_for=timedelta(hours=1))
    send(Act(), unique="passed", unique_for=timedelta(hours=1))
    send(Act(), unique="until it ends")
    UniqueKey.objects.filter(key="tests.act:passed").update(until="2020-01-01T00:00Z")
    for key, until in (("passed", "2020-01-01T00:00Z"), ("for ever", None)):
        Pause.objects.create(scope="type", key=key, until=until)
    sweeping.forget_the_gone()
    assert set(UniqueKey.objects.values_list("key", flat=True)) == {"tests.act:for an hour", "tests.act:until it ends"}
    assert list(Pause.objects.values_list("key", flat=True)) == ["for ever"]


def test_a_handler_past_its_timeout_loses_its_claim_and_cannot_finish():
    """The heart renews no more; the sweeper gives the command to another; the late success is refused."""
    identifier = send(Act()).id
    chunk = claim()

    def overrun(message, work):
        note_effect(message, work)
        chunk.held.deadline = 0.0
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        _in_another_thread(_beat_and_sweep, chunk)

    let(Act, overrun)
    execution.run(chunk)
    assert not Entry.objects.exists()
    assert (command(identifier).status, command(identifier).losses) == ("pending", 1)
    forget()
    make_due()
    run()
    assert command(identifier).status == "success"


def test_the_repair_does_nothing_when_all_is_well():
    send(Act())
    run()
    assert sweeping.repair() == 0
    assert sweeping.sweep() == 0


def test_a_claim_that_cannot_be_taken_back_keeps_no_other_from_it_and_is_tried_again(monkeypatch):
    for number in range(2):
        send(Act(number=number))
        expire(claim())
    real, calls = sweeping.take_back, []

    def stumble(claim_id, kind):
        calls.append(claim_id)
        if len(calls) == 1:
            raise Refused
        return real(claim_id, kind)

    monkeypatch.setattr(sweeping, "take_back", stumble)
    assert sweeping.sweep() == 1
    monkeypatch.undo()
    assert sweeping.sweep() == 1


def test_a_batch_or_workflow_that_cannot_be_put_right_keeps_no_other_from_it(monkeypatch):
    batches = [send_batch([Act(number=number)]) for number in range(2)]
    flow = Workflow("tests.two")
    first = flow.step("first", Act())
    flow.step("second", Act(), after=[first])
    flow.start()
    execution.run(claim())  # and nobody settles
    real, calls = sweeping.settling.settle, []

    def stumble(batch_ids, step_ids):
        calls.extend(batch_ids)
        if len(calls) == 1:
            raise Refused
        real(batch_ids, step_ids)

    monkeypatch.setattr(sweeping.settling, "settle", stumble)
    assert sweeping.repair() == 3
    assert set(calls) == set(batches)
    assert sorted(batch(one).status for one in batches) == ["processing", "success"]
    assert StoredCommand.objects.filter(status="pending").count() == 1
    assert sweeping.repair() == 1
    assert {batch(one).status for one in batches} == {"success"}


def test_a_repair_looks_at_a_page_of_what_has_failed_and_at_all_of_it_in_turn(monkeypatch):
    """Batches and workflows that nobody heals pile up for ever; the repair comes by every few seconds."""
    monkeypatch.setattr(rounds, "PAGE", 2)
    let_fail(Act)
    batches = sorted(send_batch([Act()]) for _ in range(5))
    for _ in range(5):
        flow = Workflow("tests.one")
        flow.step("only", Act())
        flow.start()
    run()
    forget()
    assert [sweeping.repair() for _ in range(3)] == [0, 0, 0]
    heal_without_settling(StoredCommand.objects.get(batch_id=batches[-1]))
    heal_without_settling(StoredCommand.objects.get(step_id=Step.objects.latest("workflow_id").id))
    assert [sweeping.repair() for _ in range(3)] == [0, 0, 2]
    assert [sweeping.repair() for _ in range(3)] == [0, 0, 0]


def heal_without_settling(failed: StoredCommand) -> None:
    """As a worker leaves it that dies right after the commit."""
    reprocess_commands([failed.id], actor="ana")
    execution.run(claim())
    Batch.objects.update(settled_at="2020-01-01T00:00Z")


def _in_another_thread(function, *arguments):
    import threading

    thread = threading.Thread(target=function, args=arguments)
    thread.start()
    thread.join()


def _beat_and_sweep(chunk):
    try:
        Claim.objects.update(lease_until="2020-01-01T00:00Z")
        heart.beat()
        assert sweeping.sweep() == 1
    finally:
        connection.close()
