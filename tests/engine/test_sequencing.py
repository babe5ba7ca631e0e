"""Positions are dense and given after commit; versions of a stream are dense and in order."""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from opsconsole.engine import StreamConflict, claiming, emit, reacting, send, sequencing
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.models import Stream
from opsconsole.kernel.identifiers import uuid7
from tests.factories import Refused, command, event, happen, run
from tests.handlers_app.messages import Act, ActOutside, Happened, Ignored
from tests.handlers_app.scripts import let


def positions() -> list[int]:
    return list(StoredEvent.objects.order_by("position").values_list("position", flat=True))


def versions(stream: str) -> list[int]:
    """The versions of a stream in the order of the log."""
    return list(StoredEvent.objects.filter(stream=stream).order_by("position").values_list("version", flat=True))


def append(stream: str, expected: int | None = None) -> None:
    happen(stream=stream, expected=expected)


def test_committed_events_are_given_dense_positions_in_their_order():
    emitted = [happen(Happened(number=number)) for number in range(5)]
    assert sequencing.sequence() == 5
    assert [event(one).position for one in emitted] == [1, 2, 3, 4, 5]
    assert sequencing.last_position() == 5
    later = happen()
    assert sequencing.sequence() == 1
    assert event(later).position == 6
    assert sequencing.sequence() == 0


def test_rolled_back_events_leave_no_gap():
    happen()
    with transaction.atomic():
        emit(Happened())
        transaction.set_rollback(True)
    happen()
    sequencing.sequence()
    assert positions() == [1, 2]


def test_a_pass_gives_no_more_positions_than_it_was_asked_for():
    for _ in range(5):
        happen()
    assert [sequencing.sequence(2) for _ in range(4)] == [2, 2, 1, 0]
    assert positions() == [1, 2, 3, 4, 5]


@pytest.fixture
def somebody_in_the_way() -> Iterator[None]:
    """A trigger that quietly keeps the event with number 2 as it is."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION tests_keep() RETURNS trigger LANGUAGE plpgsql AS"
            " $$BEGIN RETURN CASE WHEN NEW.data ->> 'number' <> '2' THEN NEW END; END$$;"
            "CREATE TRIGGER tests_keep BEFORE UPDATE ON ops_engine_event FOR EACH ROW EXECUTE FUNCTION tests_keep()"
        )
        yield
        cursor.execute("DROP FUNCTION tests_keep CASCADE")


def test_no_position_is_given_when_one_event_of_a_pass_cannot_have_its_own(somebody_in_the_way: None):
    """Readers would wait at the gap for ever."""
    for number in range(4):
        happen(Happened(number=number))
    with pytest.raises(sequencing.Gap):
        sequencing.sequence()
    assert sequencing.last_position() == 0
    assert positions() == [None] * 4


def test_an_event_that_commits_late_gets_a_later_position():
    """It drew the lower number, and a reader may have passed it already."""
    slow = connection.copy()
    try:
        slow.set_autocommit(False)
        with slow.cursor() as cursor:
            cursor.execute("SELECT nextval('ops_engine_event_seq')")
            (number,) = cursor.fetchone()
            cursor.execute(
                "INSERT INTO ops_engine_event (id, seq, type, data, correlation_id)"
                " VALUES (%s, %s, 'tests.ignored', '{}', gen_random_uuid())",
                [uuid7(), number],
            )
            quick = happen()
            assert sequencing.sequence() == 1
            slow.commit()
    finally:
        slow.close()
    assert event(quick).position == 1
    assert sequencing.sequence() == 1
    late = StoredEvent.objects.get(type="tests.ignored")
    assert late.seq < event(quick).seq
    assert late.position == 2


def test_events_of_one_transaction_keep_their_order():
    with transaction.atomic():
        emitted = [emit(Happened(number=number)) for number in range(10)]
    sequencing.sequence()
    assert [event(one).position for one in emitted] == list(range(1, 11))


def test_appending_to_a_stream_numbers_its_events():
    for _ in range(3):
        append("student-1")
    append("student-2")
    sequencing.sequence()
    assert versions("student-1") == [1, 2, 3]
    assert versions("student-2") == [1]
    assert Stream.objects.get(pk="student-1").version == 3


def test_an_append_at_the_expected_version_succeeds():
    append("student-1", expected=0)
    append("student-1", expected=1)
    sequencing.sequence()
    assert versions("student-1") == [1, 2]


@pytest.mark.parametrize(("existing", "expected"), [(0, 1), (1, 0), (2, 1), (1, 5)])
def test_an_append_at_another_version_is_refused_and_names_both(existing: int, expected: int):
    for _ in range(existing):
        append("student-1")
    with pytest.raises(StreamConflict, match=f"at version {existing}, not at {expected}"):
        append("student-1", expected=expected)
    assert StoredEvent.objects.count() == existing


def test_an_append_that_rolls_back_leaves_the_version_as_it_was():
    append("student-1")
    with pytest.raises(Refused), transaction.atomic():
        emit(Happened(), stream="student-1")
        raise Refused
    append("student-1", expected=1)


def test_an_append_of_a_failed_handler_leaves_the_version_as_it_was():
    for message in (Act, ActOutside):

        def append_and_fail(command, work):
            work.emit(Happened(), stream="student-1")
            raise Refused

        let(message, append_and_fail)
        send(message())
        run()
    assert not Stream.objects.exists()
    append("student-1", expected=0)


def test_a_handler_outside_a_transaction_appends_with_its_success():
    let(ActOutside, lambda command, work: work.emit(Happened(), stream="student-1") and None)
    send(ActOutside())
    run()
    assert StoredEvent.objects.get().version == 1


def test_versions_are_in_the_order_of_the_log_whichever_way_a_handler_emits():
    def append_both_ways(command, work):
        work.emit(Happened(), stream="student-1")
        emit(Ignored(), stream="student-1")
        work.emit(Happened(), stream="student-1")

    let(Act, append_both_ways)
    send(Act())
    run()
    sequencing.sequence()
    assert versions("student-1") == [1, 2, 3]


def test_a_conflict_found_as_the_handler_ends_fails_its_command():
    append("student-1")
    let(Act, lambda message, work: work.emit(Happened(), stream="student-1", expected=0) and None)
    identifier = send(Act()).id
    run()
    assert (command(identifier).status, command(identifier).error_class) == ("error", "StreamConflict")
    assert StoredEvent.objects.count() == 1


def test_a_handler_may_append_several_events_at_expected_versions():
    def append_two(message, work):
        work.emit(Happened(number=1), stream="student-1", expected=0)
        work.emit(Happened(number=2), stream="student-1", expected=1)

    let(Act, append_two)
    send(Act())
    run()
    sequencing.sequence()
    assert versions("student-1") == [1, 2]


def test_the_sequencers_row_is_restored_from_the_log():
    happen()
    sequencing.sequence()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM ops_engine_sequencer")
    sequencing.begin()
    assert sequencing.last_position() == 1


def test_an_event_that_nobody_reacts_to_is_done_as_it_gets_its_position():
    unheard, heard = happen(Ignored()), happen()
    sequencing.sequence()
    done = event(unheard)
    assert (done.status, done.position, done.attempts, done.started_at) == ("success", 1, 0, None)
    assert done.finished_at >= done.created_at
    assert (event(heard).status, event(heard).position, event(heard).finished_at) == ("pending", 2, None)


@pytest.mark.parametrize("change", [{"schema_version": 2}, {"type": "tests.of_another_release"}])
def test_an_event_of_another_release_waits_for_a_worker_that_knows_it(change: dict[str, object]):
    """Something may react to it there."""
    identifier = happen(Ignored())
    StoredEvent.objects.filter(id=identifier).update(**change)
    sequencing.sequence()
    assert (event(identifier).status, event(identifier).position) == ("pending", 1)


def test_an_event_that_a_worker_has_already_stays_the_workers():
    identifier = happen(Ignored())
    chunk = claiming.claim_events()
    assert chunk is not None
    sequencing.sequence()
    assert (event(identifier).status, event(identifier).position) == ("processing", 1)
    assert reacting.run(chunk) == 1
    assert event(identifier).attempts == 1
