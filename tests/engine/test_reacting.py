"""Events turned into work, a chunk at a time, without one spoiling another."""

import pytest
from django.db import DatabaseError, connection

from opsconsole.engine import claiming, emit, reacting, send
from opsconsole.engine.execution import MOST_LOSSES
from opsconsole.engine.faults import DatabaseAway
from opsconsole.engine.heartbeat import heart
from opsconsole.engine.models import Attempt, Batch, Claim, Workflow
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.registry import REACTIONS
from opsconsole.engine.workflows import Workflow as Plan
from tests.factories import Refused, attempts, event, happen, lose, react
from tests.handlers_app.messages import Act, Happened, Ignored
from tests.handlers_app.models import Entry, Page
from tests.handlers_app.scripts import let_react


def test_a_reaction_sends_what_its_event_asks_for():
    let_react(Happened, lambda message, work: work.send(Act(number=message.number)))
    identifier = happen(Happened(number=4), tenant="north")
    assert react() == 1
    stored, sent = event(identifier), StoredCommand.objects.get()
    assert (stored.status, stored.attempts, stored.claim_id) == ("success", 1, None)
    assert stored.created_at <= stored.started_at <= stored.finished_at
    assert stored.duration is not None
    assert (sent.payload["number"], sent.cause_kind, sent.cause_id, sent.tenant, sent.correlation_id) == (
        4,
        "event",
        identifier,
        "north",
        identifier,
    )
    assert not Claim.objects.exists()


def test_a_reaction_learns_about_its_event():
    seen = []
    let_react(Happened, lambda message, work: seen.append(work))
    identifier = happen(tenant="north", source=Entry(pk=12))
    react()
    (work,) = seen
    assert (work.event_id, work.tenant, work.correlation_id) == (identifier, "north", identifier)
    assert (work.source_model, work.source_id) == ("handlers_app.entry", "12")
    assert work.occurred_at == event(identifier).created_at


def test_a_reaction_may_start_batches_and_workflows():
    def fan_out(message, work):
        work.batch([Act(), Act()], name="two")
        flow = Plan("tests.flow")
        flow.chain(("first", Act()), ("second", Act()))
        work.start(flow)

    let_react(Happened, fan_out)
    identifier = happen(tenant="north")
    react()
    for row in (Batch.objects.get(), Workflow.objects.get()):
        assert (row.cause_kind, row.cause_id, row.tenant, row.correlation_id) == (
            "event",
            identifier,
            "north",
            identifier,
        )


def test_an_event_nobody_reacts_to_is_done():
    identifier = happen(Ignored())
    react()
    assert event(identifier).status == "success"


def test_every_reaction_to_an_event_runs_and_they_stand_or_fall_together():
    def second(message, work):
        work.send(Act(number=2))
        if message.number == 1:
            raise Refused

    let_react(Happened, lambda message, work: work.send(Act(number=1)))
    REACTIONS["tests.happened"].append(second)
    try:
        broken, fine = happen(Happened(number=1)), happen(Happened(number=2))
        react()
    finally:
        REACTIONS["tests.happened"].remove(second)
    assert (event(broken).status, event(fine).status) == ("error", "success")
    assert set(StoredCommand.objects.values_list("cause_id", "payload__number")) == {(fine, 1), (fine, 2)}


def test_one_failing_event_spoils_no_other():
    def fail_for_seven(message, work):
        work.send(Act(number=message.number))
        if message.number == 7:
            raise Refused("not seven")

    let_react(Happened, fail_for_seven)
    identifiers = [happen(Happened(number=number)) for number in range(10)]
    assert react() == 9
    assert sorted(StoredCommand.objects.values_list("payload__number", flat=True)) == [0, 1, 2, 3, 4, 5, 6, 8, 9]
    broken = event(identifiers[7])
    assert (broken.status, broken.error_class, broken.error) == ("error", "Refused", "not seven")
    (attempt,) = Attempt.objects.all()
    assert (attempt.subject_kind, attempt.subject_id, attempt.outcome, attempt.is_final) == (
        "event",
        identifiers[7],
        "error",
        True,
    )
    assert 'raise Refused("not seven")' in attempt.traceback
    assert attempt.started_at <= attempt.ended_at


def _want_the_unstorable(message, work):
    work.send(Act(), priority=100_000)


def _break_the_transaction(message, work):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 / 0")


def _break_it_quietly(message, work):
    try:
        _break_the_transaction(message, work)
    except Exception:  # the mistake under test
        pass


def _exit(message, work):
    raise SystemExit(3)


def _name_the_unnameable(message, work):
    work.batch([Act()], name="n" * 201)


@pytest.mark.parametrize(
    "misbehave", [_want_the_unstorable, _break_the_transaction, _break_it_quietly, _exit, _name_the_unnameable]
)
def test_whatever_a_reaction_does_only_its_own_event_fails(misbehave):
    let_react(Happened, lambda message, work: misbehave(message, work) if message.number == 1 else work.send(Act()))
    first, broken, last = (happen(Happened(number=number)) for number in range(3))
    react()
    assert [event(one).status for one in (first, broken, last)] == ["success", "error", "success"]
    assert set(StoredCommand.objects.values_list("cause_id", flat=True)) == {first, last}
    assert len(attempts(broken)) == 1


def test_an_unreadable_event_fails_by_itself():
    broken, fine = happen(), happen()
    StoredEvent.objects.filter(pk=broken).update(data={"number": "many"})
    let_react(Happened, lambda message, work: None)
    react()
    assert (event(broken).status, event(broken).error_class) == ("error", "ValidationError")
    assert event(fine).status == "success"


def test_an_event_of_a_type_that_this_code_does_not_know_waits_for_a_worker_that_does():
    """A worker of yesterday's release must not wave through an event that today's would react to."""
    identifier, fine = happen(), happen()
    StoredEvent.objects.filter(pk=identifier).update(type="tests.of_tomorrow")
    react()
    assert (event(identifier).status, event(identifier).attempts) == ("pending", 0)
    assert event(fine).status == "success"
    assert claiming.claim_events() is None


def test_an_event_of_a_type_that_nobody_came_to_know_fails_in_the_end(settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "unknown_grace": 0.0}
    identifier, fine = happen(), happen()
    StoredEvent.objects.filter(pk=identifier).update(type="tests.of_yesterday")
    react()
    assert (event(identifier).status, event(identifier).error_class) == ("error", "UnknownName")
    assert "tests.of_yesterday" in event(identifier).error
    assert event(fine).status == "success"


def test_a_worker_that_lost_its_claim_saves_nothing():
    let_react(Happened, lambda message, work: work.send(Act()))
    identifier = happen()
    chunk = claiming.claim_events()
    lose(chunk)
    assert reacting.run(chunk) == 0
    assert event(identifier).status == "pending"
    assert not StoredCommand.objects.exists()


def test_a_worker_that_lost_part_of_its_claim_saves_nothing_either():
    let_react(Happened, lambda message, work: work.send(Act()))
    identifiers = [happen(), happen()]
    chunk = claiming.claim_events()
    StoredEvent.objects.filter(pk=identifiers[0]).update(status="pending", claim_id=None)
    assert reacting.run(chunk) == 0
    assert [event(one).status for one in identifiers] == ["pending", "pending"]
    assert not StoredCommand.objects.exists()
    assert not Claim.objects.exists()


def test_a_worker_cannot_end_events_that_another_one_is_reacting_to_now():
    let_react(Happened, lambda message, work: work.send(Act()))
    identifier = happen()
    late = claiming.claim_events()
    lose(late)
    present = claiming.claim_events()
    assert reacting.run(late) == 0
    assert (event(identifier).status, event(identifier).claim_id) == ("processing", present.held.claim_id)
    assert not StoredCommand.objects.exists()


def test_plain_send_and_emit_inside_a_reaction_know_their_cause_and_fall_with_it():
    def fan_out(message, work):
        send(Act(number=message.number))
        emit(Ignored(number=message.number))
        if message.number == 1:
            raise Refused

    let_react(Happened, fan_out)
    broken, fine = happen(Happened(number=1)), happen(Happened(number=2))
    react()
    caused = [*StoredCommand.objects.all(), *StoredEvent.objects.filter(type="tests.ignored")]
    assert [(row.cause_kind, row.cause_id, row.correlation_id) for row in caused] == [("event", fine, fine)] * 2
    assert event(broken).status == "error"


def test_a_unique_key_asked_for_by_many_events_is_given_once():
    let_react(Happened, lambda message, work: work.send(Act(), unique="one"))
    for number in range(5):
        happen(Happened(number=number))
    react()
    assert StoredCommand.objects.count() == 1


def test_a_unique_key_of_a_failing_event_is_free_for_the_next():
    def send_and_fail(message, work):
        work.send(Act(number=message.number), unique="one")
        if message.number == 1:
            raise Refused

    let_react(Happened, send_and_fail)
    for number in (1, 2, 3):
        happen(Happened(number=number))
    react()
    assert StoredCommand.objects.get().payload["number"] == 2


def test_events_are_reacted_to_in_chunks(settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "event_chunk_size": 2}
    seen = []
    let_react(Happened, lambda message, work: seen.append(message.number))
    for number in range(3):
        happen(Happened(number=number))
    assert react() == 2
    assert react() == 1
    assert seen == [0, 1, 2]
    assert claiming.claim_events() is None


def test_events_of_a_lost_worker_are_reacted_to_by_another_and_nobody_is_blamed():
    identifiers = [happen(), happen()]
    lose(claiming.claim_events())
    assert [event(one).status for one in identifiers] == ["pending", "pending"]
    assert react() == 1, "after a loss each travels alone"
    assert react() == 1
    assert [event(one).status for one in identifiers] == ["success", "success"]
    assert not Attempt.objects.exists()
    assert not heart._held


def test_an_event_that_kills_its_worker_is_given_up_and_the_others_succeed(settings):
    """Its reactions never get to their end: each claim that holds it is lost."""
    deadly, others = happen(Happened(number=13)), [happen(), happen()]
    for _ in range(10):
        chunk = claiming.claim_events()
        if chunk is None:
            break
        if any(one.id == deadly for one in chunk.events):
            lose(chunk)
        else:
            reacting.run(chunk)
    stored = event(deadly)
    assert (stored.status, stored.error_class, stored.attempts) == ("error", "WorkerLost", 3)
    assert [event(one).status for one in others] == ["success", "success"]
    assert {attempt.outcome for attempt in attempts(deadly)} == {"lost"}
    assert attempts(deadly)[-1].is_final
    assert not Attempt.objects.exclude(subject_id=deadly).exists()


def _break_the_connection(message, work):
    Entry.objects.count()  # it is open now
    other = connection.copy()
    try:
        with connection.cursor() as cursor, other.cursor() as elsewhere:
            cursor.execute("SELECT pg_backend_pid()")
            elsewhere.execute("SELECT pg_terminate_backend(%s, 5000)", cursor.fetchone())
    finally:
        other.close()


def _break_the_connection_and_blame_something_else(message, work):
    _break_the_connection(message, work)
    try:
        Entry.objects.count()
    except Exception as error:
        raise Refused from error


@pytest.mark.parametrize("misbehave", [_break_the_connection, _break_the_connection_and_blame_something_else])
def test_an_event_that_breaks_its_connection_every_time_does_so_alone_and_not_for_ever(misbehave):
    let_react(Happened, lambda message, work: misbehave(message, work) if message.number == 13 else work.send(Act()))
    first, deadly, last = (happen(Happened(number=number)) for number in (1, 13, 2))
    losses = 0
    while (chunk := claiming.claim_events()) is not None:
        try:
            reacting.run(chunk)
        except (DatabaseError, DatabaseAway):
            losses += 1
            connection.close()
            heart.beat()
    assert losses == MOST_LOSSES
    assert [event(one).status for one in (first, last)] == ["success", "success"]
    assert (event(deadly).status, event(deadly).error_class) == ("error", "LostTooOften")
    assert len(attempts(deadly)) == 1
    assert set(StoredCommand.objects.values_list("cause_id", flat=True)) == {first, last}


def test_a_reaction_whose_effects_are_refused_only_at_the_commit_fails_by_itself():
    def write_a_page_of_nothing(message, work):
        if message.number == 1:
            Page.objects.create(entry_id=999_999_999, number=1)

    let_react(Happened, write_a_page_of_nothing)
    first, broken, last = (happen(Happened(number=number)) for number in range(3))
    react()
    assert [event(one).status for one in (first, broken, last)] == ["success", "error", "success"]
    assert event(broken).error_class == "IntegrityError"


def test_events_of_a_chunk_that_could_not_be_saved_are_tried_one_by_one(monkeypatch):
    def fail(chunk, **options):
        raise ArithmeticError

    identifiers = [happen(), happen()]
    monkeypatch.setattr(reacting, "_save", fail)
    with pytest.raises(ArithmeticError):
        react()
    monkeypatch.undo()
    assert [event(one).status for one in identifiers] == ["pending", "pending"]
    assert [react(), react()] == [1, 1]
    assert claiming.claim_events() is None
