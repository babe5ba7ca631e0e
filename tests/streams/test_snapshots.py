"""Snapshots are a memory, never the truth: they make loading quick, and change nothing that is loaded."""

import logging
import time
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from opsconsole.engine import sequencing
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.streams import Aggregate, Loaded, MissingEvents, applies, decide, load, store, take_snapshot
from opsconsole.streams.aggregates import AGGREGATES
from opsconsole.streams.models import Snapshot
from tests.streams.bank import Account, Deposited, deposits, fill, put

STREAM = "bank.account-1"
NAME = "bank.account:Account"


def taken() -> list[int]:
    """Versions at which there are snapshots."""
    return list(Snapshot.objects.order_by("version").values_list("version", flat=True))


def deposit_one_by_one(count: int) -> Loaded[Account]:
    for _ in range(count):
        loaded = decide(Account, 1, lambda account: Deposited())
    return loaded


def poison(version: int) -> None:
    """Whoever reads this event fails."""
    assert StoredEvent.objects.filter(stream=STREAM, version=version).update(type="bank.gone") == 1


@pytest.fixture
def declared() -> Any:
    """Declares an aggregate of accounts' money, as often as the code changes."""

    def declare(version: int = 1, factor: int = 1, **fields: Any) -> type[Aggregate]:
        AGGREGATES.remove("bank.money:Money")

        @applies(Deposited)
        def deposited(self: Any, event: Deposited) -> Any:
            return self.with_(**{name: getattr(self, name) + factor * event.amount for name in fields})

        namespace = {
            "__module__": __name__,
            "__annotations__": {name: type(value) for name, value in fields.items()},
            "deposited": deposited,
            **fields,
        }
        made: Any = type("Money", (Aggregate,), namespace, category="bank.money", version=version, snapshot_every=2)
        return made

    yield declare
    AGGREGATES.remove("bank.money:Money")


def test_a_snapshot_is_taken_every_so_many_events():
    deposit_one_by_one(25)
    assert taken() == [10, 20]


def test_many_events_at_once_make_one_snapshot_behind_the_last():
    decide(Account, 1, lambda account: deposits(*range(35)))
    assert taken() == [35]
    assert decide(Account, 1, lambda account: deposits(*range(9))).snapshot_version == 35
    assert taken() == [35]
    decide(Account, 1, lambda account: Deposited())
    assert taken() == [35, 45]


def test_what_is_loaded_is_the_same_with_and_without_them():
    decided = deposit_one_by_one(25)
    loaded = load(Account, 1)
    assert (loaded, loaded.snapshot_version) == (decided, 20)
    Snapshot.objects.all().delete()
    again = load(Account, 1)
    assert (again, again.snapshot_version) == (decided, 0)


def test_events_before_the_snapshot_are_not_read():
    deposit_one_by_one(12)
    poison(10)
    assert load(Account, 1).state.balance == 12
    poison(11)
    with pytest.raises(LookupError):
        load(Account, 1)


def test_the_past_begins_at_the_last_snapshot_before_it():
    deposit_one_by_one(35)
    sequencing.sequence()
    assert taken() == [10, 20, 30]
    moment = StoredEvent.objects.get(version=25).created_at
    for loaded in (
        load(Account, 1, version=25),
        load(Account, 1, as_of_position=25),
        load(Account, 1, as_of=moment),
    ):
        assert (loaded, loaded.snapshot_version) == (Loaded(Account(balance=25), 25), 20)
    assert load(Account, 1, version=20).snapshot_version == 20
    assert load(Account, 1, version=19).snapshot_version == 10
    assert load(Account, 1, version=9).snapshot_version == 0


def test_a_snapshot_vanishes_with_the_transaction_that_took_it():
    deposit_one_by_one(9)
    with transaction.atomic():
        deposit_one_by_one(1)
        assert taken() == [10]
        transaction.set_rollback(True)
    assert taken() == []


@pytest.mark.parametrize("length", [3_000, pytest.param(100_000, marks=pytest.mark.full)])
def test_a_long_stream_is_loaded_like_a_short_one(length: int):
    for key, count in ((1, length), (2, 100)):
        put(Account.stream(key), *deposits(*range(count)))
        take_snapshot(Account, key)
        put(Account.stream(key), *deposits(1, 1))

    def seconds(key: int) -> float:
        began = time.perf_counter()
        load(Account, key)
        return time.perf_counter() - began

    with CaptureQueriesContext(connection) as statements:
        assert load(Account, 1).version == length + 2
    assert len(statements) == 2
    long, short = (min(seconds(key) for _ in range(50)) for key in (1, 2))
    assert long < 3 * short


def test_an_imported_stream_is_given_one_by_hand_once():
    fill(STREAM, 30)
    assert take_snapshot(Account, 1) == Loaded(Account(balance=465), 30)
    take_snapshot(Account, 1)
    assert taken() == [30]
    assert load(Account, 1).snapshot_version == 30


def test_nothing_is_kept_of_what_never_happened():
    take_snapshot(Account, 404)
    assert taken() == []


def test_events_that_are_gone_are_not_missed_behind_a_snapshot():
    deposit_one_by_one(12)
    StoredEvent.objects.filter(version__lt=8).delete()
    assert load(Account, 1).state.balance == 12
    with pytest.raises(MissingEvents):
        load(Account, 1, version=9)


class TestAnotherVersionOfTheAggregate:
    def test_does_not_see_the_snapshots_of_the_one_before(self, declared: Any):
        before = declared(total=0)
        decide(before, 1, lambda state: deposits(1, 2))
        after = declared(version=2, factor=10, total=0)
        assert load(after, 1) == Loaded(after(total=30), 2)
        decide(after, 1, lambda state: Deposited(amount=3))
        assert list(Snapshot.objects.values_list("schema_version", "version")) == [(2, 3)], "the old one is forgotten"

    def test_and_the_one_before_does_not_see_its(self, declared: Any):
        """Both run while a release is rolled out."""
        after = declared(version=2, factor=10, total=0)
        decide(after, 1, lambda state: deposits(1, 2))
        before = declared(total=0)
        assert load(before, 1).state == before(total=3)
        decide(before, 1, lambda state: Deposited(amount=3))
        assert sorted(Snapshot.objects.values_list("schema_version", "version")) == [(1, 3), (2, 2)]

    @pytest.mark.parametrize(
        ("before", "after"),
        [({"total": 0}, {"total": 0, "more": 0}), ({"total": 0, "more": 0}, {"total": 0}), ({"a": 0}, {"b": 0})],
        ids=["a new field", "a field less", "another name"],
    )
    def test_a_forgotten_version_is_noticed_by_the_fields(
        self, declared: Any, caplog: pytest.LogCaptureFixture, before: dict[str, int], after: dict[str, int]
    ):
        """A field that the snapshot does not know would be given its default, whatever the events said."""
        decide(declared(**before), 1, lambda state: deposits(1, 2))
        changed = declared(**after)
        with caplog.at_level(logging.WARNING):
            loaded = load(changed, 1)
        assert loaded == Loaded(changed(**dict.fromkeys(after, 3)), 2)
        assert "was changed without a new version" in caplog.text
        decide(changed, 1, lambda state: Deposited())
        assert load(changed, 1).snapshot_version == 3


class TestStatesThatCannotBeKept:
    def test_one_that_is_not_the_same_when_it_is_read_back(self, caplog: pytest.LogCaptureFixture):
        class Lossy(Aggregate, category="bank.lossy", snapshot_every=1):
            last: Any = None

            @applies(Deposited)
            def deposited(self, event: Deposited) -> "Lossy":
                return self.with_(last=(event.amount,))  # a tuple comes back as a list

        decided = decide(Lossy, 1, lambda state: Deposited())
        assert taken() == []
        assert "no snapshot of bank.lossy-1" in caplog.text
        assert load(Lossy, 1) == decided

    @pytest.mark.parametrize(
        "value",
        ["\x00", "\ud800", float("nan"), object()],
        ids=["NUL", "a lone surrogate", "not a number", "an object"],
    )
    def test_one_that_json_or_the_database_cannot_hold(self, value: Any, caplog: pytest.LogCaptureFixture):
        class Odd(Aggregate, category="bank.odd", snapshot_every=1):
            last: Any = None

            @applies(Deposited)
            def deposited(self, event: Deposited) -> "Odd":
                return self.with_(last=value)

        try:
            assert decide(Odd, 1, lambda state: Deposited()).version == 1
        finally:
            AGGREGATES.remove("bank.odd:Odd")
        assert taken() == []
        assert "no snapshot of bank.odd-1" in caplog.text

    def test_one_without_snapshots_looks_for_none(self):
        class Plain(Aggregate, category="bank.plain"):
            total: int = 0

            @applies(Deposited)
            def deposited(self, event: Deposited) -> "Plain":
                return self.with_(total=self.total + event.amount)

        with CaptureQueriesContext(connection) as statements:
            for _ in range(3):
                decide(Plain, 1, lambda state: deposits(*range(40)))
        assert not any("snapshot" in statement["sql"] for statement in statements)
        assert load(Plain, 1).version == 120


def test_pages_make_no_difference(monkeypatch: pytest.MonkeyPatch):
    deposit_one_by_one(15)
    monkeypatch.setattr(store, "PAGE", 2)
    assert load(Account, 1) == Loaded(Account(balance=15), 15)
