from datetime import timedelta

import pytest

from opsconsole.engine import Delays
from opsconsole.kernel import clock
from opsconsole.streams import parking
from opsconsole.streams.following import follow_to_the_end
from opsconsole.streams.models import ParkedEvent
from tests.streams.readers import happen, reader, state

pytestmark = pytest.mark.usefixtures("alone")


@pytest.fixture
def applied():
    """A subscription that parks; events with a number in `applied.bad` fail."""

    class Applied(list):
        bad = {2}

    applied = Applied()

    def apply(event, following):
        if event.number in applied.bad:
            raise ValueError(f"{event.number} is bad")
        applied.append(event.number)

    with reader(apply, on_failure="park"):
        yield applied


def test_the_stream_of_a_failing_event_is_set_aside_and_the_others_go_on(applied, caplog):
    happen(1, 2, stream="tests.a-1")
    happen(3, stream="tests.b-1")
    happen(4, stream="tests.a-1")
    happen(5)

    follow_to_the_end()

    assert set(applied) == {1, 3, 5}
    row = state()
    assert (row.status, row.position, row.parked) == ("running", 5, 2)
    parked = list(ParkedEvent.objects.order_by("position").values_list("stream", "position", "error"))
    assert parked == [("tests.a-1", 2, "2 is bad"), ("tests.a-1", 4, "")]
    assert "parked tests.a-1" in caplog.text


def test_an_event_without_a_stream_is_set_aside_alone(applied):
    happen(2, 3)

    follow_to_the_end()

    assert 3 in applied
    assert ParkedEvent.objects.count() == 1


def test_a_parked_stream_is_caught_up_with_in_its_order(applied):
    happen(1, 2, 4, stream="tests.a-1")
    follow_to_the_end()
    applied.bad = set()
    applied.clear()

    assert parking.apply_parked("tests.reader", "tests.a-1") == 2

    assert applied == [2, 4]
    assert (state().parked, ParkedEvent.objects.count()) == (0, 0)
    happen(5, stream="tests.a-1")
    follow_to_the_end()
    assert applied == [2, 4, 5]


def test_a_parked_stream_that_fails_again_stays_parked_whole(applied):
    happen(2, 4, stream="tests.a-1")
    follow_to_the_end()
    applied.bad = {4}

    with pytest.raises(ValueError, match="4 is bad"):
        parking.apply_parked("tests.reader", "tests.a-1")

    assert (state().parked, ParkedEvent.objects.count()) == (2, 2)


def test_what_waits_behind_two_parked_streams_is_parked_once(applied):
    applied.bad = {2, 6}
    happen(2, stream="tests.a-1")
    happen(6, stream="tests.b-1")
    happen(4, stream="tests.a-1")
    happen(7, stream="tests.b-1")

    follow_to_the_end()

    row = state()
    assert (row.status, row.position, row.parked, row.tries) == ("running", 4, 4, 0)
    assert list(ParkedEvent.objects.order_by("position").values_list("position", flat=True)) == [1, 2, 3, 4]


def test_an_event_is_parked_only_once_the_position_has_passed_it():
    numbers, bad = [], {2, 6}

    def apply(event, following):
        if event.number in bad:
            raise ValueError(f"{event.number} is bad")
        numbers.append(event.number)

    with (
        clock.freeze(clock.now()),
        reader(apply, on_failure="park", retry=Delays(after=(60,))),
    ):
        happen(2, stream="tests.a-1")
        follow_to_the_end()
        clock.advance(timedelta(minutes=2))
        follow_to_the_end()
        happen(6, stream="tests.b-1")
        happen(4, stream="tests.a-1")
        follow_to_the_end()
        assert state().failed_position == 2, "6 is to be tried again"
        bad.clear()

        assert parking.apply_parked("tests.reader", "tests.a-1") == 1
        clock.advance(timedelta(minutes=2))
        follow_to_the_end()

    assert sorted(numbers) == [2, 4, 6], "each once"


def test_many_parked_events_are_applied_page_by_page(applied, monkeypatch):
    monkeypatch.setattr(parking, "PAGE", 2)
    happen(2, 3, 4, 5, 6, stream="tests.a-1")
    follow_to_the_end()
    applied.bad = set()
    applied.clear()

    assert parking.apply_parked("tests.reader", "tests.a-1") == 5
    assert applied == [2, 3, 4, 5, 6]
