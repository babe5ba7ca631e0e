"""When a failed command is tried again: the policies by themselves, and at work."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.engine import Delays, Exponential, Fixed, Linear, NoRetry, send
from opsconsole.engine.failing import Verdict, judge
from opsconsole.engine.messages import COMMANDS
from opsconsole.engine.retries import RetryPolicy
from tests.factories import Refused, attempts, claim, command, let_fail, make_due, run
from tests.handlers_app.messages import Act, ActAgain
from tests.handlers_app.scripts import forget


@pytest.mark.parametrize(
    ("policy", "max_attempts", "delays", "words"),
    [
        (NoRetry(), 1, [0.0], "no retry"),
        (Fixed(every=5, times=3), 4, [5, 5, 5], "3 retries, 5 s apart"),
        (Linear(first=5, times=3), 4, [5, 10, 15], "3 retries, 5 s longer each time"),
        (Exponential(first=5, times=4, jitter=0), 5, [5, 10, 20, 40], "4 retries, from 5 s doubling up to 3600 s"),
        (
            Exponential(first=5, times=4, longest=12, jitter=0),
            5,
            [5, 10, 12, 12],
            "4 retries, from 5 s doubling up to 12 s",
        ),
        (Delays(after=(60, 300, 1800)), 4, [60, 300, 1800], "retries after 60 s, 300 s, 1800 s"),
    ],
)
def test_a_policy_waits_as_it_says(policy: RetryPolicy, max_attempts: int, delays: list[float], words: str):
    assert policy.max_attempts == max_attempts
    assert [policy.delay(attempt) for attempt in range(1, len(delays) + 1)] == delays
    assert policy.describe() == words


@given(st.integers(1, 5_000), st.floats(0.001, 1000), st.floats(0, 1))
def test_an_exponential_delay_stays_between_its_jitter_and_its_longest(attempt: int, first: float, jitter: float):
    delay = Exponential(first=first, times=5_000, longest=600, jitter=jitter).delay(attempt)
    full = min(600.0, first * 2.0 ** min(attempt - 1, 60))
    assert full * (1 - jitter) <= delay <= full


def test_a_policy_may_name_the_errors_that_it_covers():
    policy = Fixed(every=1, times=1, on=(OSError,), never_on=(FileNotFoundError,))
    assert policy.covers(TimeoutError())
    assert not policy.covers(ValueError())
    assert not policy.covers(FileNotFoundError())


def test_a_failed_command_is_tried_again_until_its_attempts_are_spent():
    let_fail(ActAgain)
    identifier = send(ActAgain()).id
    seen = []
    for _ in range(3):
        make_due()
        run()
        stored = command(identifier)
        seen.append((stored.status, stored.attempts))
    assert seen == [("pending", 1), ("pending", 2), ("error", 3)]
    assert [(one.number, one.outcome, one.is_final) for one in attempts(identifier)] == [
        (1, "retry", False),
        (2, "retry", False),
        (3, "error", True),
    ]


def test_the_wait_is_counted_by_the_database():
    let_fail(ActAgain)
    identifier = send(ActAgain()).id
    run()
    stored, (attempt,) = command(identifier), attempts(identifier)
    assert stored.not_before == attempt.retry_at
    assert abs(attempt.retry_at - attempt.ended_at - timedelta(seconds=60)) < timedelta(seconds=1)
    assert stored.finished_at is None


def test_a_success_after_failures_keeps_them_on_record():
    let_fail(ActAgain)
    identifier = send(ActAgain()).id
    run()
    forget()
    make_due()
    run()
    stored = command(identifier)
    assert (stored.status, stored.attempts, stored.error_class, stored.error) == ("success", 2, "", "")
    assert len(attempts(identifier)) == 1


def test_an_error_outside_the_policy_fails_at_once():
    class Picky(RetryPolicy):
        pass

    claimed = _claimed()
    assert judge(claimed, Refused()) == Verdict("pending", "retry", wait=60)
    assert judge(claimed, SystemExit()) == Verdict("error", "error")


def _claimed() -> Any:
    send(ActAgain())
    return claim().commands[0]


class _Broken(RetryPolicy):
    @property
    def max_attempts(self) -> int:
        return 3

    def delay(self, attempt: int) -> float:
        raise ArithmeticError("cannot count")


class _Endless(_Broken):
    def delay(self, attempt: int) -> float:
        return float("inf")


@pytest.mark.parametrize("policy", [_Broken(), _Endless()])
def test_a_policy_that_cannot_say_when_fails_the_command_instead_of_going_round_for_ever(policy, monkeypatch):
    from dataclasses import replace

    message = COMMANDS.get("tests.act")
    monkeypatch.setattr(message, "__contract__", replace(message.__contract__, retry=policy))
    let_fail(Act)
    identifier = send(Act()).id
    run()
    assert command(identifier).status == "error"
    (attempt,) = attempts(identifier)
    assert attempt.is_final
    assert "Refused" in attempt.traceback, "the handler's own error is what an operator needs to see"


def test_what_was_stored_decides_how_often_and_not_todays_code(monkeypatch):
    """A deployment that changes a policy leaves the commands on their way alone."""
    from dataclasses import replace

    identifier = send(ActAgain()).id
    message = COMMANDS.get("tests.act_again")
    monkeypatch.setattr(message, "__contract__", replace(message.__contract__, retry=Fixed(every=60, times=9)))
    let_fail(ActAgain)
    for _ in range(3):
        make_due()
        run()
    assert command(identifier).status == "error"
