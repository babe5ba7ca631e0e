"""Aggregates without a database: how they are declared, and how they are folded."""

from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import ValidationError

from opsconsole.engine import Event
from opsconsole.kernel.registry import DuplicateName
from opsconsole.streams import Aggregate, NotApplied, applies
from opsconsole.streams.aggregates import AGGREGATES
from tests.streams.bank import Account, Closed, Deposited, Ledger, Noted, Withdrawn


def test_a_state_is_what_its_events_made_it():
    account = Account().apply_all([Deposited(amount=5), Withdrawn(cents=2), Closed()])
    assert account == Account(balance=3, is_closed=True)


def test_applying_leaves_the_state_before_as_it_was():
    before = Account(balance=1)
    assert before.apply(Deposited(amount=1)).balance == 2
    assert before.balance == 1
    with pytest.raises(ValidationError, match="frozen"):
        before.balance = 7


def test_an_event_that_nothing_is_said_about_is_refused():
    with pytest.raises(NotApplied, match=r"Account .* @applies\(Noted\)"):
        Account().apply(Noted())


def test_a_method_that_forgets_to_return_what_has_become_is_told_so():
    class Forgetful(Aggregate, category="bank.forgetful"):
        @applies(Deposited)
        def deposited(self, event: Deposited) -> None:
            self.with_()

    with pytest.raises(TypeError, match=r"Forgetful.deposited must return what it has become, and returned None"):
        Forgetful().apply(Deposited())


def test_a_field_that_there_is_not_cannot_be_changed():
    with pytest.raises(TypeError, match="Account has no ballance"):
        Account().with_(ballance=1)


def test_the_stream_is_named_after_category_and_key():
    assert Account.stream(7) == "bank.account-7"
    assert Account.streams("a-b") == ("bank.account-a-b",)
    assert Ledger.streams(1) == ["bank.account-1-left", "bank.account-1-right"]


def test_an_aggregate_is_known_by_category_and_name():
    assert AGGREGATES.get("bank.account:Account") is Account
    with pytest.raises(DuplicateName):
        type("Account", (Aggregate,), {"__module__": __name__}, category="bank.account")


def test_what_a_subclass_says_goes_before_what_its_base_does():
    class Base(Aggregate):
        total: int = 0

        @applies(Deposited)
        def deposited(self, event: Deposited) -> "Base":
            return self.with_(total=self.total + event.amount)

        @applies(Withdrawn)
        def withdrawn(self, event: Withdrawn) -> "Base":
            return self.with_(total=self.total - event.cents)

    class Doubling(Base, category="bank.doubling"):
        def deposited(self, event: Deposited) -> "Doubling":
            return self.with_(total=self.total + 2 * event.amount)

    assert Doubling().apply_all([Deposited(amount=5), Withdrawn(cents=1)]).total == 9


class TestWhatIsRefusedWhenItIsDeclared:
    def declare(self, fields: dict[str, Any] | None = None, base: type = Aggregate, **options: Any) -> None:
        namespace = {"__module__": __name__, "__qualname__": "Bad", **(fields or {})}
        type("Bad", (base,), namespace, **options)

    def test_a_field_without_a_beginning(self):
        with pytest.raises(TypeError, match="begins before its first event: owner must have defaults"):
            self.declare({"__annotations__": {"owner": str}}, category="bank.bad")

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"category": "bank-bad"}, "holds a '-'"),
            ({"category": "bank.bad", "snapshot_every": 0}, "every 0 events"),
        ],
    )
    def test_options_that_cannot_be(self, options: dict[str, Any], said: str):
        with pytest.raises(ValueError, match=said):
            self.declare(**options)

    def test_an_aggregate_that_would_share_the_stream_of_its_base(self):
        with pytest.raises(TypeError, match="needs a category of its own"):
            self.declare(base=Account)

    def test_two_ways_to_apply_one_event(self):
        @applies(Deposited)
        def one(self: Any, event: Event) -> Any:
            return self

        @applies(Withdrawn, Deposited)
        def other(self: Any, event: Event) -> Any:
            return self

        with pytest.raises(TypeError, match="in more than one way"):
            self.declare({"one": one, "other": other}, category="bank.bad")

    def test_snapshots_of_several_streams(self):
        def streams(cls: Any, key: Any) -> Sequence[str]:
            return ()

        with pytest.raises(ValueError, match="which have no snapshots"):
            self.declare({"streams": classmethod(streams)}, category="bank.bad", snapshot_every=10)

    def test_and_leaves_no_name_behind(self):
        assert AGGREGATES.find("bank.bad:Bad") is None
