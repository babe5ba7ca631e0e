"""What a handler may answer instead of succeeding; each takes its effects back."""

from datetime import timedelta
from typing import Any

import pytest

from opsconsole.engine import Cancel, Discard, RetryAt, Snooze, send, send_batch
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.kernel import clock
from tests.factories import attempts, batch, command, make_due, note_effect, run
from tests.handlers_app.messages import Act, ActAgain, ActOutside
from tests.handlers_app.models import Entry
from tests.handlers_app.scripts import forget, let

TOMORROW = clock.now().replace(microsecond=0) + timedelta(days=1)


def let_answer(answer: Any, *messages: Any) -> None:
    def act(message: Any, work: Any) -> Any:
        note_effect(message, work)
        work.send(Act(number=99))
        return answer

    for message in messages:
        let(message, act)


@pytest.mark.parametrize(
    ("answer", "status", "attempts_spent", "outcome", "is_final"),
    [
        (RetryAt(TOMORROW, "closed"), "pending", 1, "retry", False),
        (Snooze(timedelta(hours=1), "closed"), "pending", 0, "snoozed", False),
        (Cancel("closed"), "cancelled", 1, "cancelled", True),
        (Discard("closed"), "error", 1, "discarded", True),
    ],
    ids=["retry at", "snooze", "cancel", "discard"],
)
def test_an_answer_decides_what_becomes_of_the_command(answer, status, attempts_spent, outcome, is_final):
    let_answer(answer, ActAgain)
    identifier = send(ActAgain()).id
    run()
    stored = command(identifier)
    assert (stored.status, stored.attempts, stored.error_class, stored.error) == (
        status,
        attempts_spent,
        type(answer).__name__,
        "closed",
    )
    assert (stored.finished_at is not None) is is_final
    (attempt,) = attempts(identifier)
    assert (attempt.outcome, attempt.is_final, attempt.message, attempt.traceback) == (outcome, is_final, "closed", "")
    assert not Entry.objects.exists()
    assert StoredCommand.objects.count() == 1


def test_the_wished_time_is_the_due_time():
    let_answer(RetryAt(TOMORROW), ActAgain)
    identifier = send(ActAgain()).id
    run()
    assert command(identifier).not_before == TOMORROW
    assert attempts(identifier)[0].retry_at == TOMORROW


def test_a_snooze_counts_from_the_databases_now():
    let_answer(Snooze(timedelta(hours=1)), Act)
    identifier = send(Act()).id
    run()
    stored, (attempt,) = command(identifier), attempts(identifier)
    assert stored.not_before == attempt.retry_at
    assert abs(stored.not_before - attempt.ended_at - timedelta(hours=1)) < timedelta(seconds=1)


def test_snoozes_never_use_up_the_attempts():
    let_answer(Snooze(timedelta(seconds=1)), Act)
    identifier = send(Act()).id
    for _ in range(5):
        make_due()
        run()
    assert (command(identifier).status, command(identifier).attempts) == ("pending", 0)
    forget()
    make_due()
    run()
    assert (command(identifier).status, command(identifier).attempts) == ("success", 1)


def test_a_retry_may_be_asked_for_beyond_the_policy():
    let_answer(RetryAt(TOMORROW), Act)
    identifier = send(Act()).id
    for spent in (1, 2, 3):
        make_due()
        run()
        assert (command(identifier).status, command(identifier).attempts) == ("pending", spent)


def test_a_discarded_command_is_a_failure_that_can_be_reprocessed():
    from opsconsole.engine.operations import reprocess_commands

    let_answer(Discard(), ActAgain)
    identifier = send(ActAgain()).id
    run()
    assert reprocess_commands([identifier], actor="ana").changed == 1


def test_answers_of_members_settle_their_batch():
    let(Act, lambda message, work: [None, Cancel(), Discard()][message.number])
    identifier = send_batch([Act(number=number) for number in range(3)])
    run()
    stored = batch(identifier)
    assert (stored.status, stored.success_count, stored.error_count, stored.cancelled_count) == ("error", 1, 1, 1)


def test_a_handler_outside_a_transaction_may_answer_too():
    let_answer(Snooze(timedelta(hours=1)), ActOutside)
    identifier = send(ActOutside()).id
    run()
    assert command(identifier).status == "pending"
    assert Entry.objects.count() == 1, "its own commits stay"
    assert StoredCommand.objects.count() == 1


@pytest.mark.parametrize("answer", [RetryAt("some day"), Snooze("an hour"), Snooze(timedelta.max)])
def test_an_answer_that_means_no_time_fails_the_command_once(answer):
    let_answer(answer, ActAgain)
    identifier = send(ActAgain()).id
    run()
    assert command(identifier).status == "error"
    assert len(attempts(identifier)) == 1


def test_a_time_that_has_passed_means_at_once():
    let_answer(RetryAt(clock.now() - timedelta(days=1)), ActAgain)
    identifier = send(ActAgain()).id
    run()
    forget()
    run()
    assert command(identifier).status == "success"
