import pytest
from django.db import connection, transaction

from opsconsole.engine import emit, sequencing
from opsconsole.engine.models import Command
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.kernel import clock
from opsconsole.streams import duties
from opsconsole.streams.following import apply_page, follow_to_the_end, take
from opsconsole.streams.models import Subscription
from tests.handlers_app.messages import Act, Happened
from tests.streams.readers import Uncounted, happen, reader, state

pytestmark = pytest.mark.usefixtures("alone")


@pytest.fixture
def seen():
    """What a subscription that only looks has been shown."""
    numbers = []
    with reader(lambda event, following: numbers.append(event.number)):
        yield numbers


def test_events_come_in_the_order_of_the_log_each_once(seen):
    happen(3, 1, 2)

    assert follow_to_the_end() > 0
    assert follow_to_the_end() == 0
    happen(4)
    follow_to_the_end()

    assert seen == [3, 1, 2, 4]
    assert state().position == sequencing.last_position()


def test_events_of_other_types_are_passed_over_but_counted_as_read(seen):
    with transaction.atomic():
        for _ in range(5):
            emit(Uncounted())
    happen(1)

    follow_to_the_end()

    assert seen == [1]
    assert (state().position, state().applied) == (6, 1)


def test_what_it_sends_and_emits_is_caused_by_the_event_and_committed_with_the_position():
    def pass_on(event, following):
        following.send(Act(number=event.number))
        following.emit(Happened(number=event.number), stream="tests.children-1")

    with reader(pass_on):
        happen(7)
        follow_to_the_end()

    event = StoredEvent.objects.get(type="tests.counted")
    command, child = Command.objects.get(), StoredEvent.objects.get(type="tests.happened")
    assert (command.cause_kind, command.cause_id, command.correlation_id) == ("event", event.id, event.correlation_id)
    assert (child.cause_kind, child.cause_id, child.stream, child.version) == (
        "event",
        event.id,
        "tests.children-1",
        1,
    )


def test_a_subscription_may_begin_at_the_end_of_the_log():
    happen(1, 2)
    numbers = []
    with reader(lambda event, following: numbers.append(event.number), start="end"):
        happen(3)
        follow_to_the_end()

    assert numbers == [3]


def test_a_start_delay_puts_the_first_event_off():
    numbers = []
    with (
        clock.freeze(clock.now()),
        reader(lambda event, following: numbers.append(event.number), start_delay=30.0, jitter=10.0),
    ):
        happen(1)
        assert follow_to_the_end() == 0
        waits = state().not_before - clock.now()
        assert 30 <= waits.total_seconds() <= 40
        clock.advance(waits)
        follow_to_the_end()

    assert numbers == [1]


def test_one_that_the_code_no_longer_declares_keeps_its_row_and_is_left_alone(seen):
    Subscription.objects.create(name="tests.gone", kind="subscription", position=0)
    happen(1)

    follow_to_the_end()

    assert seen == [1]
    assert state("tests.gone").position == 0


def test_a_paused_one_rests(seen):
    Subscription.objects.update(status="paused")
    happen(1)

    assert take() is None
    assert apply_page("tests.reader") is False
    assert seen == []


def test_a_position_is_kept_only_together_with_the_effects():
    def fail_late(event, following):
        StoredEvent.objects.filter(type="tests.counted").update(source_id="touched")
        raise RuntimeError("late")

    with reader(fail_late):
        happen(1)
        follow_to_the_end()

        assert state().position == 0
        assert StoredEvent.objects.get().source_id == ""


def test_a_page_is_bounded_in_events(seen):
    happen(*range(2_500))
    taken = []
    name = take()
    more = True
    while more:
        more = apply_page(name)
        taken.append(len(seen))

    assert taken == [1_000, 2_000, 2_500]


def test_a_page_is_bounded_in_bytes(seen, monkeypatch):
    monkeypatch.setattr("opsconsole.streams.windows.BYTES", 50)
    happen(1, 2, 3)
    name = take()

    apply_page(name)

    assert 0 < len(seen) < 3
    while apply_page(name):
        pass
    assert seen == [1, 2, 3]


def test_of_two_that_are_behind_the_one_that_waited_longer_is_taken_first(seen):
    with reader(lambda event, following: None, name="tests.other"):
        happen(1)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE ops_streams_subscription SET seen_at = now() - make_interval(mins => length(name::text))"
            )
        first = take()
        follow_to_the_end()

    assert first == "tests.reader"


def test_rows_are_made_once_and_kept(seen):
    happen(1)
    follow_to_the_end()
    duties.begin()

    assert state().position == 1


def test_a_failure_to_decode_stops_it_with_the_reason(seen):
    happen(1)
    StoredEvent.objects.update(data={"number": "not one"})

    follow_to_the_end()

    stopped = state()
    assert (stopped.status, stopped.failed_position, stopped.error_class) == ("stopped", 1, "ValidationError")
    assert "number" in stopped.error
