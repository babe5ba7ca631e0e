import pytest

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
