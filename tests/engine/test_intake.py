"""emit(), send() and send_batch(): what they store, with which lineage, and what they refuse."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import DataError, connection, transaction
from pydantic import ValidationError

from opsconsole.engine import NotInTransaction, emit, send, send_batch
from opsconsole.engine.models import Batch, Runner
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.kernel import clock
from opsconsole.kernel.encoding import PayloadTooLarge, UnstorablePayload
from opsconsole.kernel.identifiers import moment_of
from opsconsole.kernel.tracing import Cause, acting_for
from tests.factories import batch, command, event, happen
from tests.handlers_app.messages import Act, ActAgain, ActUrgently, Happened
from tests.handlers_app.models import Entry

NOTHING_STORED = (StoredEvent, StoredCommand, Batch)


def test_an_event_is_stored_with_its_callers_transaction():
    with transaction.atomic():
        entry = Entry.objects.create(command_id=UUID(int=1))
        identifier = emit(Happened(number=3), source=entry, tenant="north")
    stored = event(identifier)
    assert (stored.type, stored.schema_version, stored.data) == (
        "tests.happened",
        1,
        {"number": 3, "text": "", "anything": None},
    )
    assert (stored.source_model, stored.source_id, stored.tenant) == ("handlers_app.entry", str(entry.pk), "north")
    assert (stored.status, stored.attempts, stored.position, stored.stream, stored.version) == (
        "pending",
        0,
        None,
        None,
        None,
    )


def test_an_event_of_a_transaction_that_rolls_back_never_happened():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        emit(Happened())
        raise ZeroDivisionError
    assert not StoredEvent.objects.exists()


def test_emitting_outside_a_transaction_is_refused():
    with pytest.raises(NotInTransaction, match="transaction.atomic"):
        emit(Happened())
    assert not StoredEvent.objects.exists()


def test_a_command_is_stored_with_what_its_type_declares():
    stored = command(send(ActAgain(number=7)).id)
    assert (stored.type, stored.payload, stored.queue, stored.priority, stored.max_attempts) == (
        "tests.act_again",
        {"number": 7},
        "default",
        0,
        3,
    )
    assert (stored.status, stored.attempts, stored.losses, stored.claim_id) == ("pending", 0, 0, None)
    assert stored.not_before == stored.created_at


def test_the_sender_may_override_queue_priority_and_due_time():
    due = clock.now() + timedelta(days=1)
    stored = command(send(ActUrgently(), queue="bulk", priority=9, not_before=due, tenant="north").id)
    assert (stored.queue, stored.priority, stored.not_before, stored.tenant) == ("bulk", 9, due, "north")


def test_priority_zero_is_a_wish_like_any_other():
    assert command(send(ActUrgently(), priority=0).id).priority == 0


def test_a_delay_counts_from_the_databases_now():
    stored = command(send(Act(), delay=timedelta(hours=2)).id)
    assert stored.not_before - stored.created_at == timedelta(hours=2)


def test_a_row_without_a_cause_begins_a_flow_of_its_own():
    sent, emitted, sent_batch = send(Act()).id, happen(), send_batch([Act()])
    assert command(sent).correlation_id == sent
    assert event(emitted).correlation_id == emitted
    assert batch(sent_batch).correlation_id == sent_batch
    assert {command(sent).cause_kind, event(emitted).cause_kind, batch(sent_batch).cause_kind} == {""}


def test_whatever_a_user_does_names_the_user():
    with acting_for(Cause("user", metadata={"actor": "ana"})):
        rows = command(send(Act()).id), event(happen()), batch(send_batch([Act()]))
    for row in (*rows, StoredCommand.objects.get(batch_id=rows[2].id)):
        assert (row.cause_kind, row.cause_id, row.metadata) == ("user", None, {"actor": "ana"})


def test_rows_inherit_flow_and_tenant_of_their_cause():
    cause = Cause("api", UUID(int=5), UUID(int=6), tenant="south")
    with acting_for(cause):
        rows = command(send(Act()).id), event(happen()), batch(send_batch([Act()]))
        assert command(send(Act(), tenant="east").id).tenant == "east"
    for row in (*rows, StoredCommand.objects.get(batch_id=rows[2].id)):
        assert (row.cause_kind, row.cause_id, row.correlation_id, row.tenant) == (
            "api",
            UUID(int=5),
            UUID(int=6),
            "south",
        )


def test_members_carry_their_batch_and_next_commands_wait_for_it():
    identifier = send_batch([Act(number=1), Act(number=2)], name="two", on_success=Act(number=3), tenant="north")
    stored = batch(identifier)
    assert (stored.name, stored.size, stored.status, stored.tenant) == ("two", 2, "pending", "north")
    members = list(StoredCommand.objects.filter(batch_id=identifier).order_by("id"))
    assert [member.payload["number"] for member in members] == [1, 2]
    assert {(m.status, m.tenant, m.correlation_id, m.cause_kind) for m in members} == {
        ("pending", "north", identifier, "")
    }
    following = StoredCommand.objects.get(cause_id=identifier)
    assert (following.status, following.cause_kind, following.release_on, following.batch_id) == (
        "awaiting",
        "batch",
        "success",
        None,
    )
    assert (following.tenant, following.correlation_id) == ("north", identifier)


def test_a_batch_is_named_after_its_first_member_unless_it_is_given_a_name():
    assert batch(send_batch([Act()])).name == "tests.act"
    assert batch(send_batch([])).name == "empty"


def test_a_batch_larger_than_one_statement_is_stored_whole():
    identifier = send_batch(Act(number=number) for number in range(5_001))
    numbers = StoredCommand.objects.filter(batch_id=identifier).values_list("payload__number", flat=True)
    assert sorted(numbers) == list(range(5_001))


def test_identifiers_sort_by_the_order_of_sending():
    sent = [send(Act(number=number)).id for number in range(5)]
    assert sent == sorted(sent)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (Happened(text="a\x00b"), "NUL"),
        (Happened(anything="\x00"), "NUL"),
        (Happened(anything={"\x00": 1}), "NUL"),
        (Happened(text="\ud800"), "JSON"),
        (Happened(anything="\ud800"), "JSON"),
        (Happened(anything=object()), "JSON"),
        (Happened(anything=[float("nan")]), "NaN"),
        (Happened(anything=float("inf")), "Infinity"),
    ],
    ids=["nul", "nul anywhere", "nul in a key", "surrogate", "surrogate anywhere", "object", "nan", "infinity"],
)
def test_a_payload_that_the_database_cannot_hold_is_refused_and_nothing_is_stored(message: Happened, words: str):
    with transaction.atomic():
        with pytest.raises(UnstorablePayload, match=words):
            emit(message)
        survivor = Entry.objects.create(command_id=UUID(int=1))
    for refuse in (lambda: send(_as_command(message)), lambda: send_batch([Act(), _as_command(message)])):
        with pytest.raises(UnstorablePayload, match=words):
            refuse()
    assert not any(model.objects.exists() for model in NOTHING_STORED)
    assert Entry.objects.filter(pk=survivor.pk).exists(), "the caller's transaction must survive a refusal"


def _as_command(message: Happened) -> Act:
    return Act(text=message.text, anything=message.anything)


def test_text_that_only_looks_like_an_escaped_nul_is_stored_as_it_is():
    text = "C:\\u0000 and \\\\u0000"
    assert event(happen(Happened(text=text))).data["text"] == text


def test_a_payload_over_the_limit_is_refused_and_names_both_sizes():
    with pytest.raises(PayloadTooLarge, match=r"has 1,000,\d{3} bytes; the limit is 1,000,000"):
        send(Act(text="x" * 1_000_000))
    assert not StoredCommand.objects.exists()


def test_the_limit_counts_bytes_and_not_characters(settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "payload_limit": 100}
    send(Act(text="a" * 40))
    with pytest.raises(PayloadTooLarge):
        send(Act(text="ä" * 40))


@pytest.mark.parametrize("options", [{"tenant": "a\x00b"}, {"tenant": "t" * 101}, {"priority": 100_000}])
def test_what_a_column_cannot_hold_is_refused_by_the_database_and_nothing_is_stored(options):
    with pytest.raises(DataError):
        send(Act(), **options)
    with pytest.raises(DataError):
        send_batch([Act()], **options)
    assert not any(model.objects.exists() for model in NOTHING_STORED)


@pytest.mark.parametrize("queue", ["", "@events", "events", "q" * 61])
def test_a_queue_that_no_worker_can_serve_is_refused(queue: str):
    with pytest.raises(ValueError, match="queue"):
        send(Act(), queue=queue)
    with pytest.raises(ValueError, match="queue"):
        send_batch([Act()], queue=queue)
    assert not any(model.objects.exists() for model in NOTHING_STORED)


def test_what_an_actor_is_called_may_hold_anything():
    with acting_for(Cause("user", metadata={"actor": "a\x00b", "odd": "\ud800", "number": float("nan")})):
        stored = command(send(Act()).id)
    assert stored.metadata["actor"] == "a␀b"


@pytest.mark.parametrize("message", [Happened(), Act()])
def test_a_frozen_message_cannot_be_changed_after_it_was_sent(message):
    with pytest.raises(ValidationError):
        message.number = 2


def test_an_unknown_field_is_refused():
    with pytest.raises(ValidationError):
        Act(nubmer=1)


def test_a_host_clock_far_ahead_is_refused_by_name_until_it_is_right_again(monkeypatch):
    from opsconsole.engine.partitions import NoPartition
    from opsconsole.kernel import identifiers

    real = identifiers.time.time_ns
    ahead = int(timedelta(days=400).total_seconds() * 1e9)
    monkeypatch.setattr(identifiers.time, "time_ns", lambda: real() + ahead)
    with pytest.raises(NoPartition, match="clock"):
        send(Act())
    with pytest.raises(NoPartition, match="clock"), transaction.atomic():
        emit(Happened())
    monkeypatch.setattr(identifiers.time, "time_ns", real)
    identifier = send(Act()).id
    assert abs(moment_of(identifier) - clock.now()) < timedelta(seconds=5)
    assert StoredCommand.objects.count() == 1


def test_a_host_clock_far_behind_is_no_reason_to_refuse_work(monkeypatch):
    from opsconsole.kernel import identifiers

    real = identifiers.time.time_ns
    monkeypatch.setattr(identifiers.time, "time_ns", lambda: real() - int(400 * 86_400e9))
    assert command(send(Act()).id).status == "pending"


def test_sending_inside_a_callers_transaction_commits_with_it():
    with transaction.atomic():
        identifier = send(Act()).id
        transaction.set_rollback(True)
    assert not StoredCommand.objects.filter(pk=identifier).exists()


def test_no_lock_is_taken_by_emitting():
    """A slow request must never block another one's events."""
    with transaction.atomic():
        emit(Happened())
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype IN ('advisory', 'tuple')"
            )
            assert cursor.fetchone() == (0,)


def test_the_engines_tables_can_be_flushed_and_used_again():
    call_command("flush", interactive=False, verbosity=0)
    assert event(happen()).status == "pending"
    assert not Runner.objects.exists()
