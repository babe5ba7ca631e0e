"""load() and decide(): what was, what is decided, and what happens when somebody else is quicker."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from opsconsole.engine import Event, send, sequencing
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.kernel.encoding import UnstorablePayload
from opsconsole.streams import (
    Aggregate,
    BadStreamName,
    Loaded,
    MissingEvents,
    NotApplied,
    StreamConflict,
    append,
    applies,
    decide,
    load,
    read,
    version_of,
)
from tests.concurrency.races import at_once
from tests.factories import command, run
from tests.handlers_app.messages import Act
from tests.handlers_app.models import Entry
from tests.handlers_app.scripts import let
from tests.streams.bank import Account, Closed, Deposited, Ledger, Noted, Refused, Withdrawn, deposits, put

STREAM = "bank.account-1"


def deposit(amount: int = 1) -> Callable[[Account], Event]:
    return lambda account: Deposited(amount=amount)


def overtaken(times: int, amount: int = 5) -> Callable[[Account], Event]:
    """A decision in whose middle somebody else appends, so many times."""
    left = iter(range(times))

    def decision(account: Account) -> Event:
        if next(left, None) is not None:
            at_once(lambda: put(STREAM, Deposited(amount=100)))
        return account.withdraw(amount) if account.balance else Deposited(amount=amount)

    return decision


class TestLoading:
    def test_an_aggregate_is_what_its_events_made_it(self):
        put(STREAM, *deposits(5, 6), Withdrawn(cents=1))
        assert load(Account, 1) == Loaded(Account(balance=10), 3)

    def test_one_that_nothing_has_happened_to_is_in_its_first_state(self):
        assert load(Account, 1) == Loaded(Account(), 0)

    def test_as_it_was_at_a_version(self):
        put(STREAM, *deposits(1, 2, 3))
        assert [load(Account, 1, version=version) for version in (0, 2, 9)] == [
            Loaded(Account(), 0),
            Loaded(Account(balance=3), 2),
            Loaded(Account(balance=6), 3),
        ]

    def test_as_it_was_at_a_position_and_at_a_time(self):
        for amount in (1, 2, 3):
            put(STREAM, Deposited(amount=amount))
        sequencing.sequence()
        second = StoredEvent.objects.get(stream=STREAM, version=2)
        assert load(Account, 1, as_of_position=2) == Loaded(Account(balance=3), 2)
        assert load(Account, 1, as_of=second.created_at).version == 2
        assert load(Account, 1, as_of=second.created_at - timedelta(microseconds=1)).version == 1

    def test_older_payloads_are_read_in_the_version_of_today(self):
        put(STREAM, Deposited(amount=900), Withdrawn(cents=1))
        StoredEvent.objects.filter(version=2).update(schema_version=1, data={"euros": 8})
        assert load(Account, 1).state.balance == 100

    @pytest.mark.parametrize(
        ("stored", "error"),
        [
            ({"type": "bank.gone"}, "UnknownName"),
            ({"schema_version": 9}, "NewerVersion"),
            ({"data": {"amount": "much"}}, "ValidationError"),
            ({"type": "bank.noted", "data": {}}, "NotApplied"),
        ],
    )
    def test_an_event_that_cannot_be_read_or_applied_is_not_passed_over(self, stored: dict[str, Any], error: str):
        put(STREAM, *deposits(1, 2, 3))
        StoredEvent.objects.filter(version=2).update(**stored)
        with pytest.raises(Exception) as raised:  # noqa: PT011
            load(Account, 1)
        assert type(raised.value).__name__ == error
        assert StoredEvent.objects.count() == 3

    @pytest.mark.parametrize("gone", [1, 2])
    def test_a_stream_with_a_hole_is_not_folded_as_if_it_had_none(self, gone: int):
        put(STREAM, *deposits(1, 2, 3))
        StoredEvent.objects.filter(version=gone).delete()
        with pytest.raises(MissingEvents, match=f"has version {gone + 1} behind version {gone - 1}"):
            load(Account, 1)

    def test_a_stream_whose_events_are_all_gone_is_not_one_that_never_was(self):
        put(STREAM, *deposits(1, 2))
        sequencing.sequence()
        StoredEvent.objects.all().delete()
        with pytest.raises(MissingEvents, match="are gone"):
            load(Account, 1)

    def test_events_that_are_gone_came_before_every_moment(self):
        """Else the past would look as if nothing had happened."""
        put(STREAM, *deposits(*range(9)))
        sequencing.sequence()
        StoredEvent.objects.filter(version__lt=6).delete()
        with pytest.raises(MissingEvents):
            load(Account, 1, as_of_position=7)

    def test_an_aggregate_of_several_streams_is_folded_in_the_order_of_the_log(self):
        for amount in range(6):
            put(f"bank.account-7-{('left', 'right')[amount % 2]}", Deposited(amount=amount))
        assert load(Ledger, 7) == Loaded(Ledger(amounts=(0, 1, 2, 3, 4, 5)), 6)
        sequencing.sequence()
        assert load(Ledger, 7, as_of_position=2).state.amounts == (0, 1)
        assert load(Ledger, 8) == Loaded(Ledger(), 0)

    def test_an_aggregate_of_several_streams_passes_over_what_it_does_not_apply(self):
        put("bank.account-7-left", Deposited(), Noted(), Closed())
        StoredEvent.objects.filter(version=2).update(type="bank.gone")
        assert load(Ledger, 7) == Loaded(Ledger(amounts=(1,)), 3)

    def test_an_aggregate_of_several_streams_has_no_version_in_common(self):
        with pytest.raises(ValueError, match="no version in common"):
            load(Ledger, 7, version=1)


class TestDeciding:
    def test_what_is_decided_is_appended_and_applied(self):
        assert decide(Account, 1, deposit(5)) == Loaded(Account(balance=5), 1)
        assert decide(Account, 1, lambda account: account.close()) == Loaded(Account(balance=0, is_closed=True), 3)
        assert [one.event() for one in read(STREAM)] == [Deposited(amount=5), Withdrawn(cents=5), Closed()]

    def test_a_refusal_stores_nothing(self):
        with pytest.raises(Refused, match="5 is more than there is: 0"):
            decide(Account, 1, lambda account: account.withdraw(5))
        assert not StoredEvent.objects.exists()

    @pytest.mark.parametrize("nothing", [None, [], (), iter(())])
    def test_deciding_nothing_does_nothing(self, nothing: Any):
        put(STREAM, Deposited())
        assert decide(Account, 1, lambda account: nothing) == Loaded(Account(balance=1), 1)

    @pytest.mark.parametrize("answer", [[5], "bank", [Deposited(), None]])
    def test_an_answer_that_is_no_event_is_refused(self, answer: Any):
        with pytest.raises(TypeError, match="a decision returns events, and this one returned"):
            decide(Account, 1, lambda account: answer)
        assert not StoredEvent.objects.exists()

    def test_an_event_that_could_not_be_applied_is_not_stored(self):
        """The stream could never be read again: not even when the transaction goes on."""
        put(STREAM, Deposited())
        with transaction.atomic():
            with pytest.raises(NotApplied):
                decide(Account, 1, lambda account: [Deposited(), Noted()])
            Entry.objects.create(command_id="0" * 32)
        assert Entry.objects.exists()
        assert load(Account, 1).version == 1

    def test_an_event_that_json_cannot_carry_is_not_stored(self):
        class Diary(Aggregate, category="bank.diary"):
            @applies(Noted)
            def noted(self, event: Noted) -> "Diary":
                return self

        with pytest.raises(UnstorablePayload, match="NUL"):
            decide(Diary, 1, lambda diary: Noted(text="\x00"))
        assert version_of("bank.diary-1") == 0

    @pytest.mark.parametrize("key", ["", "\x00", "\ud800", "9" * 190], ids=["empty", "NUL", "a surrogate", "too long"])
    def test_a_key_that_makes_no_name_is_refused_and_spoils_nothing(self, key: str):
        with transaction.atomic():
            with pytest.raises(BadStreamName):
                decide(Account, key, deposit())
            if key:
                with pytest.raises(BadStreamName):
                    load(Account, key)
            decide(Account, 1, deposit())
        assert load(Account, 1).version == StoredEvent.objects.count() == 1

    def test_an_aggregate_of_several_streams_cannot_decide(self):
        with pytest.raises(TypeError, match="none of its own to append to"):
            decide(Ledger, 7, lambda ledger: Deposited())

    def test_it_costs_four_statements(self):
        """The snapshot, the events, the version and the new events."""
        put(STREAM, Deposited())
        with transaction.atomic(), CaptureQueriesContext(connection) as statements:
            decide(Account, 1, deposit())
        assert len(statements) == 4

    def test_tenant_and_source_are_those_of_the_events(self):
        entry = Entry.objects.create(command_id="0" * 32)
        decide(Account, 1, deposit(), tenant="north", source=entry)
        stored = StoredEvent.objects.get()
        assert (stored.tenant, stored.source_model, stored.source_id) == ("north", "handlers_app.entry", str(entry.pk))

    def test_in_a_transaction_it_vanishes_with_it(self):
        with transaction.atomic():
            decide(Account, 1, deposit())
            assert decide(Account, 1, deposit()) == Loaded(Account(balance=2), 2), "it sees what was decided before"
            transaction.set_rollback(True)
        assert version_of(STREAM) == 0


class TestConflicts:
    def test_the_loser_looks_again_and_decides_anew(self):
        decided = decide(Account, 1, overtaken(1))
        assert decided == Loaded(Account(balance=95), 2)
        assert load(Account, 1) == decided

    def test_the_second_look_may_refuse(self):
        put(STREAM, Deposited(amount=5))

        def decision(account: Account) -> Event:
            if account.balance:
                at_once(lambda: put(STREAM, Withdrawn(cents=5)))
            return account.withdraw(5)

        with pytest.raises(Refused, match="5 is more than there is: 0"):
            decide(Account, 1, decision)
        assert version_of(STREAM) == 2

    def test_after_so_many_tries_the_conflict_is_raised(self):
        with pytest.raises(StreamConflict, match="is at version 1, not at 0"):
            decide(Account, 1, overtaken(1), tries=1)
        assert load(Account, 1) == Loaded(Account(balance=100), 1)

    def test_in_the_second_look_nobody_can_come_in_between(self):
        """The stream is locked: whoever would overtake waits."""
        seen = []

        def decision(account: Account) -> Event:
            if not seen:
                at_once(lambda: put(STREAM, Deposited(amount=100)))
            else:
                seen.append(at_once(lambda: is_locked(STREAM))[0])
            seen.append(account.balance)
            return Deposited()

        assert decide(Account, 1, decision).version == 2
        assert seen == [0, True, 100]

    def test_a_conflict_spoils_nothing_of_the_transaction_around_it(self):
        put(STREAM, Deposited(amount=50))
        with transaction.atomic():
            Entry.objects.create(command_id="0" * 32)
            assert decide(Account, 1, overtaken(1)) == Loaded(Account(balance=145), 3)
        assert Entry.objects.exists()
        assert load(Account, 1).state.balance == 145

    def test_a_handler_that_lost_looks_again_within_its_try(self):
        put(STREAM, Deposited(amount=50))
        decision = overtaken(1)
        let(Act, lambda message, work: decide(Account, 1, decision) and None)
        sent = send(Act())
        run()
        stored = command(sent.id)
        assert (stored.status, stored.attempts) == ("success", 1)
        assert load(Account, 1) == Loaded(Account(balance=145), 3)
        assert StoredEvent.objects.get(version=3).cause_id == sent.id

    def test_a_conflict_that_somebody_else_must_hear_of_fails_the_command(self):
        put(STREAM, Deposited())
        let(Act, lambda message, work: append(STREAM, Deposited(), expected=0) and None)
        sent = send(Act())
        run()
        assert (command(sent.id).status, command(sent.id).error_class) == ("error", "StreamConflict")


def is_locked(stream: str) -> bool:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT FROM ops_engine_stream WHERE id = %s FOR UPDATE SKIP LOCKED", [stream])
        return cursor.rowcount == 0
