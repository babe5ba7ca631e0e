"""The test kit that is shipped: everything in this process, on a real database."""

from datetime import UTC, datetime, timedelta

import pytest

from opsconsole.engine import send, send_batch, testing
from opsconsole.engine.models import Pause
from tests.factories import Refused, command, event, happen, let_fail
from tests.handlers_app.messages import Act, ActAgain, ActTogether, Happened, Ignored
from tests.handlers_app.scripts import let, let_react

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_everything_that_is_due_is_done_until_nothing_is_left():
    let_react(Happened, lambda message, work: work.send(Act(number=3)))
    let(Act, lambda message, work: work.batch([ActTogether()]) and None if message.number else None)
    identifier = happen()
    assert testing.run_until_idle() == 2
    assert event(identifier).status == "success"
    assert event(identifier).position == 1


def test_what_is_due_later_stays_unless_times_are_ignored():
    identifier = send(Act(), delay=timedelta(days=1)).id
    assert testing.run_until_idle() == 0
    assert command(identifier).status == "pending"
    assert testing.run_until_idle(ignore_due_times=True) == 1


def test_ignoring_times_runs_retries_to_their_end():
    let_fail(ActAgain)
    identifier = send(ActAgain()).id
    testing.run_until_idle(ignore_due_times=True)
    assert (command(identifier).status, command(identifier).attempts) == ("error", 3)


def test_work_without_end_is_noticed(monkeypatch):
    monkeypatch.setattr(testing, "ROUNDS", 5)
    let(Act, lambda message, work: work.send(Act()) and None)
    from opsconsole.engine.configuration import configuration

    assert configuration().chunk_size > 1
    let_react(Happened, lambda message, work: None)

    def emit_again(message, work):
        work.emit(Happened())

    let(Act, emit_again)
    let_react(Happened, lambda message, work: work.send(Act()))
    happen()
    with pytest.raises(testing.NeverIdle, match="5 rounds"):
        testing.run_until_idle()


def test_paused_work_is_no_endless_work():
    Pause.objects.create(scope="queue", key="default")
    send(Act())
    assert testing.run_until_idle() == 0


def test_a_stopped_clock_stands_for_python_and_for_the_database():
    with testing.frozen_at(NOON) as clock:
        identifier = send(ActAgain(), delay=timedelta(hours=1)).id
        stored = command(identifier)
        assert (stored.created_at, stored.not_before) == (NOON, NOON + timedelta(hours=1))
        assert testing.run_until_idle() == 0
        clock.advance(timedelta(hours=1))
        assert testing.run_until_idle() == 1
        assert command(identifier).finished_at == NOON + timedelta(hours=1)


def test_retries_follow_the_stopped_clock():
    let_fail(ActAgain)
    with testing.frozen_at(NOON) as clock:
        identifier = send(ActAgain()).id
        for attempts in (1, 2, 3):
            testing.run_until_idle()
            assert command(identifier).attempts == attempts
            clock.advance(timedelta(seconds=60))


def test_what_was_set_off_can_be_asked_for():
    happen(Happened(number=1))
    happen(Happened(number=2))
    send_batch([Act(number=3), Act(number=4, text="x")])
    assert [message.number for message in testing.emitted(Happened)] == [1, 2]
    assert testing.sent(Act, text="x") == [Act(number=4, text="x")]
    testing.assert_emitted(Happened, number=2)
    testing.assert_emitted(Happened, count=2)
    testing.assert_sent(Act, count=1, number=3)


@pytest.mark.parametrize(
    ("check", "words"),
    [
        (lambda: testing.assert_emitted(Ignored), "no tests.ignored"),
        (lambda: testing.assert_sent(Act, number=9), "no tests.act with {'number': 9}"),
        (lambda: testing.assert_sent(Act, count=2), "1 of tests.act, not 2"),
    ],
)
def test_a_failed_check_says_what_is_missing(check, words: str):
    send(Act())
    with pytest.raises(AssertionError, match=words.replace("{", r"\{")):
        check()


def test_threads_of_the_test_kit_end_with_it():
    from opsconsole.engine.threads import _pools

    send(ActTogether())
    testing.run_until_idle()
    assert not _pools


def test_a_failing_reaction_is_recorded_and_not_raised():
    def fail(message, work):
        raise Refused

    let_react(Happened, fail)
    identifier = happen()
    testing.run_until_idle()
    assert event(identifier).status == "error"
