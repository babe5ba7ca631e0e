"""The test kit tells what was, what was expected, and what came instead; it needs no database."""

from typing import Any

import pytest

from opsconsole.engine import Event
from opsconsole.streams import Aggregate, NotApplied, applies
from opsconsole.streams.testing import given
from tests.streams.bank import Account, Closed, Deposited, Noted, Refused, Withdrawn


def withdraw(cents: int) -> Any:
    return lambda account: account.withdraw(cents)


def failure(function: Any, *arguments: Any, **named: Any) -> str:
    """The words with which an expectation fails."""
    with pytest.raises(AssertionError) as failed:
        function(*arguments, **named)
    return str(failed.value)


def test_what_is_decided_is_compared():
    given(Account, Deposited(amount=5)).when(withdraw(3)).then(Withdrawn(cents=3))
    given(Account, Deposited(amount=5)).when(lambda account: account.close()).then(Withdrawn(cents=5), Closed())
    given(Account).when(lambda account: None).then()


def test_a_refusal_is_compared_and_can_be_looked_at():
    refused = given(Account, Deposited(amount=5), Closed()).when(withdraw(3)).then_raises(Refused, "closed")
    assert str(refused) == "the account is closed"
    given(Account).when(withdraw(3)).then_raises(Refused)


def test_the_state_is_compared():
    given(Account, Deposited(amount=5)).then_state(balance=5, is_closed=False)
    given(Account, Deposited(amount=5)).when(lambda account: account.close()).then_state(balance=0, is_closed=True)


def test_other_events_than_expected_fail_with_the_whole_story():
    decided = given(Account, Deposited(amount=5)).when(withdraw(3))
    assert failure(decided.then, Withdrawn(cents=4), Closed()) == (
        "given Account with:\n"
        "    Deposited(amount=5)\n"
        "expected:\n"
        "    Withdrawn(cents=4)\n"
        "    Closed()\n"
        "but these came:\n"
        "    Withdrawn(cents=3)"
    )


@pytest.mark.parametrize("expected", [(), (Withdrawn(cents=3), Closed()), (Closed(),), (Deposited(amount=3),)])
def test_fewer_more_and_other_events_all_fail(expected: tuple[Event, ...]):
    failure(given(Account, Deposited(amount=5)).when(withdraw(3)).then, *expected)


def test_the_order_counts():
    closing = given(Account, Deposited(amount=5)).when(lambda account: account.close())
    failure(closing.then, Closed(), Withdrawn(cents=5))


def test_nothing_where_something_was_expected_fails():
    assert failure(given(Account).when(lambda account: None).then, Closed()) == (
        "given Account with nothing\nexpected:\n    Closed()\nbut these came nothing"
    )


def test_a_refusal_where_events_were_expected_fails_and_shows_its_cause():
    with pytest.raises(AssertionError, match=r"it raised Refused\('3 is more than there is: 0'\)") as failed:
        given(Account).when(withdraw(3)).then(Withdrawn(cents=3))
    assert isinstance(failed.value.__cause__, Refused)


def test_events_where_a_refusal_was_expected_fail():
    decided = given(Account, Deposited(amount=5)).when(withdraw(3))
    assert failure(decided.then_raises, Refused) == (
        "given Account with:\n    Deposited(amount=5)\nexpected Refused\nbut these came:\n    Withdrawn(cents=3)"
    )


@pytest.mark.parametrize(("error", "words"), [(ValueError, ""), (Refused, "overdrawn")])
def test_another_error_than_expected_fails(error: type[Exception], words: str):
    told = failure(given(Account).when(withdraw(3)).then_raises, error, words)
    assert "it raised Refused('3 is more than there is: 0')" in told


def test_another_state_than_expected_fails_and_names_the_fields():
    decided = given(Account, Deposited(amount=5)).when(withdraw(3))
    assert failure(decided.then_state, balance=1, is_closed=False) == (
        "given Account with:\n    Deposited(amount=5)\nand then:\n    Withdrawn(cents=3)\n"
        "the state of Account is another one:\n    balance is 2, not 1"
    )
    failure(given(Account).then_state, balance=1)
    failure(given(Account).when(withdraw(3)).then_state, balance=0)


def test_what_decide_would_refuse_fails():
    """An event that the aggregate cannot apply, and what is no event at all."""
    with pytest.raises(NotApplied):
        given(Account).when(lambda account: Noted()).then(Noted())
    given(Account).when(lambda account: 5).then_raises(TypeError)  # type: ignore[arg-type, return-value]


def test_an_event_that_comes_back_from_json_as_another_one_fails():
    class Vague(Event, name="bank.vague"):
        anything: Any = None

    class Diary(Aggregate, category="bank.vague_diary"):
        @applies(Vague)
        def noted(self, event: Vague) -> "Diary":
            return self

    assert "is not the same when it is read back" in failure(given, Diary, Vague(anything=(1, 2)))
    failure(given(Diary).when(lambda diary: Vague(anything=(1,))).then, Vague(anything=(1,)))


def test_history_is_applied_in_its_order():
    given(Account, Deposited(amount=2), Withdrawn(cents=1), Closed()).then_state(balance=1, is_closed=True)
