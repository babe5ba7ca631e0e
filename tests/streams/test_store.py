"""append() and the reading of streams and of the log: order, versions, pages, and what is refused."""

import tracemalloc
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from opsconsole.engine import NotInTransaction, emit, sequencing
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.models import Stream
from opsconsole.kernel import clock
from opsconsole.kernel.encoding import UnstorablePayload
from opsconsole.kernel.tracing import Cause, acting_for
from opsconsole.streams import (
    ANY,
    NEW,
    BadStreamName,
    Recorded,
    StreamConflict,
    append,
    category_of,
    head,
    read,
    read_backward,
    read_log,
    read_many,
    store,
    version_at,
    version_of,
)
from tests.factories import event, run
from tests.handlers_app.messages import Act, Happened
from tests.handlers_app.models import Entry
from tests.handlers_app.scripts import let
from tests.streams.bank import Closed, Deposited, Noted, Withdrawn, deposits, fill, put

STREAM = "bank.account-1"


def versions(events: object) -> list[int | None]:
    return [recorded.version for recorded in events]  # type: ignore[attr-defined]


def amounts(events: object) -> list[int]:
    return [recorded.event().amount for recorded in events]  # type: ignore[attr-defined]


def sequence() -> None:
    while sequencing.sequence():
        pass


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PAGE", 3)
    monkeypatch.setattr(store, "FEWEST", 2)
    monkeypatch.setattr(store, "WINDOW", 4)


class TestAppend:
    def test_events_get_the_next_versions_in_their_order(self):
        assert put(STREAM, *deposits(1, 2)) == 2
        assert put(STREAM, Deposited(amount=3)) == 3
        assert put("bank.account-2", Deposited()) == 1
        assert [(one.version, one.event()) for one in read(STREAM)] == [
            (1, Deposited(amount=1)),
            (2, Deposited(amount=2)),
            (3, Deposited(amount=3)),
        ]
        assert Stream.objects.get(pk=STREAM).version == 3

    def test_a_new_stream_is_new_once(self):
        assert put(STREAM, Deposited(), expected=NEW) == 1
        with pytest.raises(StreamConflict, match="is at version 1, not at 0 as expected"):
            put(STREAM, Deposited(), expected=NEW)

    def test_an_exact_version_is_demanded(self):
        fill(STREAM, 3)
        assert put(STREAM, Deposited(), expected=3) == 4

    @pytest.mark.parametrize("expected", [-1, 1, 2, 4, 100])
    def test_a_conflict_names_both_versions_and_stores_nothing(self, expected: int):
        fill(STREAM, 3)
        with pytest.raises(StreamConflict) as conflict:
            put(STREAM, Deposited(), Deposited(), expected=expected)
        assert (conflict.value.stream, conflict.value.expected, conflict.value.actual) == (STREAM, expected, 3)
        assert version_of(STREAM) == StoredEvent.objects.count() == 3

    @pytest.mark.parametrize("expected", [1, 7])
    def test_a_stream_that_is_expected_and_does_not_exist_is_not_begun(self, expected: int):
        with pytest.raises(StreamConflict, match=f"is at version 0, not at {expected}"):
            put(STREAM, Deposited(), expected=expected)
        assert not Stream.objects.exists()

    def test_any_version_will_do(self):
        assert put(STREAM, Deposited(), expected=ANY) == 1
        assert put(STREAM, Deposited()) == 2

    def test_the_transaction_goes_on_after_a_conflict(self):
        fill(STREAM, 2)
        with transaction.atomic():
            Entry.objects.create(command_id=UUID(int=1))
            with pytest.raises(StreamConflict) as conflict:
                append(STREAM, Deposited(), expected=1)
            assert append(STREAM, Deposited(), expected=conflict.value.actual) == 3
        assert Entry.objects.exists()
        assert versions(read(STREAM)) == [1, 2, 3]

    def test_a_rolled_back_append_leaves_no_gap(self):
        with transaction.atomic():
            append(STREAM, *deposits(1, 2))
            transaction.set_rollback(True)
        assert (version_of(STREAM), list(read(STREAM))) == (0, [])
        assert put(STREAM, Deposited(), expected=NEW) == 1

    def test_it_is_refused_outside_a_transaction(self):
        with pytest.raises(NotInTransaction, match="transaction.atomic"):
            append(STREAM, Deposited())
        assert not StoredEvent.objects.exists()

    def test_without_events_only_the_expectation_is_checked(self):
        fill(STREAM, 2)
        assert put(STREAM) == put(STREAM, expected=2) == 2
        with pytest.raises(StreamConflict):
            put(STREAM, expected=1)

    def test_many_events_cost_two_statements(self):
        with transaction.atomic(), CaptureQueriesContext(connection) as statements:
            append(STREAM, *deposits(*range(1_000)))
        assert len(statements) == 2
        assert version_of(STREAM) == 1_000

    def test_more_events_than_a_statement_carries_are_appended_whole(self):
        put(STREAM, *deposits(*range(5_001)))
        assert amounts(read(STREAM)) == list(range(5_001))

    def test_events_know_what_their_transaction_acts_for(self):
        cause = Cause("api", UUID(int=5), UUID(int=6), tenant="south", metadata={"actor": "ana"})
        with acting_for(cause):
            put(STREAM, Deposited())
        (recorded,) = read(STREAM)
        assert (recorded.cause_kind, recorded.cause_id, recorded.correlation_id) == ("api", UUID(int=5), UUID(int=6))
        assert (recorded.tenant, recorded.metadata) == ("south", '{"actor": "ana"}')

    def test_in_a_handler_the_command_is_their_cause(self):
        let(Act, lambda command, work: append(STREAM, Deposited(), tenant="north") and None)
        from opsconsole.engine import send

        sent = send(Act())
        run()
        (recorded,) = read(STREAM)
        assert (recorded.cause_kind, recorded.cause_id, recorded.correlation_id) == ("command", sent.id, sent.id)
        assert recorded.tenant == "north"

    def test_events_may_name_the_entity_that_raised_them(self):
        with transaction.atomic():
            entry = Entry.objects.create(command_id=UUID(int=1))
            append(STREAM, Deposited(), source=entry)
        (recorded,) = read(STREAM)
        stored = event(recorded.id)
        assert (stored.source_model, stored.source_id) == ("handlers_app.entry", str(entry.pk))


class TestNames:
    @pytest.mark.parametrize(
        ("stream", "said"),
        [
            ("", "1 to 200 characters"),
            ("bank.account-" + "9" * 188, "has 201"),
            ("bank.account", "needs a category"),
            ("bank.account-", "needs a category"),
            ("-1", "needs a category"),
            ("bank.account-\x00", "cannot hold"),
            ("bank.account-\ud800", "cannot hold"),
        ],
        ids=["empty", "too long", "no key", "an empty key", "no category", "NUL", "a lone surrogate"],
    )
    def test_a_name_that_cannot_be_appended_to_is_refused_at_once(self, stream: str, said: str):
        with transaction.atomic():
            with pytest.raises(BadStreamName, match=said):
                append(stream, Deposited())
            append(STREAM, Deposited())
        assert version_of(STREAM) == 1

    def test_the_longest_name_will_do(self):
        longest = "bank.account-" + "ü" * 187
        put(longest, Deposited())
        assert versions(read(longest)) == [1]

    @pytest.mark.parametrize("look", [read, read_backward, version_of, lambda name: read_many([name])])
    @pytest.mark.parametrize("stream", ["", "x" * 201, "a-\x00", "a-\udfff"])
    def test_what_can_be_no_name_is_not_looked_for(self, look: Callable[[str], object], stream: str):
        with pytest.raises(BadStreamName):
            look(stream)

    def test_a_stream_of_an_emitted_event_may_be_read_although_its_name_has_no_category(self):
        with transaction.atomic():
            emit(Happened(), stream="solo")
        assert versions(read("solo")) == [1]

    @pytest.mark.parametrize(
        ("stream", "category"),
        [
            ("billing.document-42", "billing.document"),
            ("billing.document-0193-abcd", "billing.document"),
            ("solo", ""),
            ("solo-", ""),
            ("-1", ""),
        ],
    )
    def test_the_category_stands_before_the_first_dash(self, stream: str, category: str):
        assert category_of(stream) == category


class TestReadingAStream:
    @pytest.fixture(autouse=True)
    def _stream(self, small_pages: None) -> None:
        fill(STREAM, 10)
        fill("bank.account-2", 2)

    def test_forward(self):
        assert amounts(read(STREAM)) == list(range(1, 11))

    @pytest.mark.parametrize(
        ("after", "until", "seen"),
        [(0, 3, [1, 2, 3]), (2, 5, [3, 4, 5]), (7, None, [8, 9, 10]), (10, None, []), (5, 5, []), (9, 99, [10])],
    )
    def test_between_two_versions(self, after: int, until: int | None, seen: list[int]):
        assert versions(read(STREAM, after=after, until=until)) == seen

    def test_backward(self):
        assert versions(read_backward(STREAM)) == list(range(10, 0, -1))

    @pytest.mark.parametrize(("before", "seen"), [(4, [3, 2, 1]), (2, [1]), (1, []), (99, list(range(10, 0, -1)))])
    def test_backward_from_a_version(self, before: int, seen: list[int]):
        assert versions(read_backward(STREAM, before=before)) == seen

    def test_a_stream_that_nobody_appended_to_is_empty(self):
        assert list(read("bank.account-3")) == list(read_backward("bank.account-3")) == []
        assert version_of("bank.account-3") == version_at("bank.account-3", as_of=clock.now()) == 0

    def test_what_is_not_asked_for_is_not_fetched(self):
        with CaptureQueriesContext(connection) as statements:
            assert next(read(STREAM)).version == 1
        assert len(statements) == 1

    def test_a_short_page_is_the_last_one(self):
        with CaptureQueriesContext(connection) as statements:
            list(read(STREAM, after=8))
            list(read(STREAM, after=9, until=10))
        assert len(statements) == 2

    def test_pages_are_bounded_in_bytes_too_and_nothing_is_lost_by_it(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(store, "BYTES", 1)
        assert versions(read(STREAM)) == list(range(1, 11))
        assert versions(read_backward(STREAM)) == list(range(10, 0, -1))
        sequence()
        assert len(list(read_log())) == 12
        with CaptureQueriesContext(connection) as statements:
            list(read(STREAM))
        assert len(statements) == 10, "one event is more than a page may hold, and makes one"

    def test_what_a_reader_fetches_later_is_what_was_appended_meanwhile(self):
        reading = read(STREAM)
        first = next(reading)
        put(STREAM, Deposited(amount=11))
        assert amounts([first, *reading]) == list(range(1, 12))

    def test_what_is_recorded_tells_everything(self):
        sequence()
        (recorded,) = read(STREAM, until=1)
        stored = StoredEvent.objects.get(stream=STREAM, version=1)
        assert recorded == Recorded(
            id=stored.pk,
            position=1,
            stream=STREAM,
            version=1,
            type="bank.deposited",
            schema_version=1,
            data='{"amount": 1}',
            tenant="",
            correlation_id=stored.correlation_id,
            cause_kind="",
            cause_id=None,
            metadata="{}",
            occurred_at=stored.created_at,
        )


def memory_of(reading: Iterator[Recorded]) -> int:
    """Bytes held at once while all of it is read."""
    tracemalloc.start()
    for _ in reading:
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_what_is_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(store, "PAGE", 100)
    monkeypatch.setattr(store, "WINDOW", 100)
    fill("bank.account-short", 200)
    fill("bank.account-long", 4_000)
    sequence()
    for read_one in (read, read_backward, lambda stream: read_many([stream])):
        short, long = (memory_of(read_one(f"bank.account-{name}")) for name in ("short", "long"))
        assert long < 2 * short
    assert memory_of(read_log()) < 2 * memory_of(read_log(head() - 200))


class TestThePast:
    @pytest.fixture(autouse=True)
    def _past(self, small_pages: None) -> None:
        """An event of another stream between each two of this one; the last two have no position yet."""
        for number in range(1, 8):
            put(STREAM, Deposited(amount=number))
            put("bank.account-2", Deposited(amount=10 * number))
            if number < 7:
                sequence()

    @pytest.mark.parametrize("position", range(15))
    def test_as_of_a_position(self, position: int):
        known = min((position + 1) // 2, 6)
        assert versions(read(STREAM, as_of_position=position)) == list(range(1, known + 1))
        assert version_at(STREAM, as_of_position=position) == known

    def test_what_has_no_position_yet_is_behind_every_position(self):
        assert version_at(STREAM, as_of_position=10**9) == 6
        sequence()
        assert version_at(STREAM, as_of_position=10**9) == 7

    def moments(self) -> list[datetime]:
        return list(StoredEvent.objects.filter(stream=STREAM).order_by("version").values_list("created_at", flat=True))

    def test_as_of_a_time(self):
        moments = self.moments()
        for version, moment in enumerate(moments, 1):
            assert versions(read(STREAM, as_of=moment)) == list(range(1, version + 1))
            assert version_at(STREAM, as_of=moment - timedelta(microseconds=1)) == version - 1

    def test_what_limits_most_counts(self):
        moments = self.moments()
        assert version_at(STREAM, until=2, as_of_position=100) == 2
        assert version_at(STREAM, until=100, as_of=moments[3]) == 4
        assert version_at(STREAM, as_of_position=5, as_of=moments[3]) == 3

    def test_a_time_without_a_zone_is_refused(self):
        with pytest.raises(ValueError, match="needs a time zone"):
            read(STREAM, as_of=datetime(2026, 1, 1))  # noqa: DTZ001

    def test_several_streams_as_of_a_position(self):
        both = [STREAM, "bank.account-2"]
        assert amounts(read_many(both, as_of_position=3)) == [1, 10, 2]
        assert amounts(read_many(both, as_of_position=4)) == [1, 10, 2, 20]

    def test_several_streams_as_of_a_time(self):
        assert amounts(read_many([STREAM, "bank.account-2"], as_of=self.moments()[1])) == [1, 10, 2]


class TestSeveralStreams:
    def test_they_are_read_in_the_order_of_the_log(self, small_pages: None):
        for number in range(20):
            put(f"bank.account-{number % 3}", Deposited(amount=number))
        together = read_many(f"bank.account-{number}" for number in range(5))
        assert amounts(together) == list(range(20))

    def test_none_is_nothing_and_one_named_twice_is_read_once(self):
        fill(STREAM, 2)
        assert list(read_many([])) == []
        assert amounts(read_many([STREAM, STREAM])) == [1, 2]

    def test_what_comes_after_the_beginning_of_the_reading_does_not_belong_to_it(self, small_pages: None):
        """Else it might hold an effect without the cause that is in another stream."""
        fill(STREAM, 5)
        fill("bank.account-2", 5)
        reading = read_many([STREAM, "bank.account-2"])
        first = next(reading)
        put(STREAM, Deposited(amount=90))
        put("bank.account-2", Deposited(amount=91))
        assert amounts([first, *reading]) == [1, 2, 3, 4, 5, 1, 2, 3, 4, 5]


class TestTheLog:
    @pytest.fixture(autouse=True)
    def _log(self, small_pages: None) -> None:
        for number in range(1, 8):
            put(STREAM, Deposited(amount=number))
            put("bank.account_x-1", Noted(text=str(number)))
            with transaction.atomic():
                emit(Happened(number=number))
        sequence()

    def test_all_of_it_by_position(self):
        assert [one.position for one in read_log()] == list(range(1, 22))
        assert head() == 21

    def test_from_a_position(self):
        assert [one.position for one in read_log(18)] == [19, 20, 21]
        assert list(read_log(21)) == list(read_log(99)) == []

    def test_of_a_category_and_not_of_one_whose_name_begins_alike(self):
        assert amounts(read_log(category="bank.account")) == list(range(1, 8))
        assert [one.event().text for one in read_log(15, category="bank.account_x")] == ["6", "7"]
        assert list(read_log(category="bank.acc")) == list(read_log(category="%")) == []

    def test_of_some_types(self):
        found = list(read_log(types=["tests.happened", "bank.noted"]))
        assert [one.position % 3 for one in found] == [2, 0] * 7
        assert list(read_log(types=[])) == []
        assert len(list(read_log(3, types=("bank.noted",), category="bank.account_x"))) == 6

    def test_an_event_without_a_stream_has_none(self):
        (first, *_) = read_log(types=["tests.happened"])
        assert (first.stream, first.version) == (None, None)
        assert str(first) == f"tests.happened {first.id}"

    def test_what_has_no_position_yet_is_not_read(self):
        put(STREAM, Deposited())
        assert len(list(read_log())) == 21


class TestDecoding:
    def test_an_older_payload_is_read_in_the_version_of_today(self):
        put(STREAM, Withdrawn(cents=100))
        StoredEvent.objects.update(schema_version=1, data={"euros": 3})
        (recorded,) = read(STREAM)
        assert recorded.event() == Withdrawn(cents=300)

    @pytest.mark.parametrize(
        ("stored", "error", "said"),
        [
            ({"type": "bank.gone"}, "UnknownName", "no event type is called 'bank.gone'"),
            ({"schema_version": 3}, "NewerVersion", "stored as version 3; the code here knows version 2"),
            ({"data": {"cents": "many"}}, "ValidationError", "cents"),
            ({"data": {"cents": 1, "more": 1}}, "ValidationError", "more"),
        ],
    )
    def test_what_cannot_be_read_says_why_and_which_event_it_is(self, stored: dict, error: str, said: str):
        put(STREAM, Withdrawn(cents=1))
        StoredEvent.objects.update(**stored)
        (recorded,) = read(STREAM)
        with pytest.raises(Exception, match=said) as raised:
            recorded.event()
        assert type(raised.value).__name__ == error
        assert raised.value.__notes__ == [
            f"while reading {recorded.type} {recorded.id}, version 1 of stream 'bank.account-1'"
        ]

    def test_a_payload_that_json_cannot_carry_stores_nothing_of_what_came_with_it(self):
        with transaction.atomic():
            with pytest.raises(UnstorablePayload, match="NUL"):
                append(STREAM, Deposited(), Noted(text="\x00"), Closed())
            assert append(STREAM, Closed(), expected=NEW) == 1
        assert [one.type for one in read(STREAM)] == ["bank.closed"]
