import pytest

from opsconsole.engine import Event
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.streams import duties
from opsconsole.streams.following import follow_to_the_end
from opsconsole.streams.projectors import Projector, RowProjector, projects
from tests.handlers_app.models import Tally
from tests.streams.readers import Counted, Uncounted, declared, happen, state

pytestmark = pytest.mark.usefixtures("alone")


class Emptied(Event, name="tests.emptied"):
    key: str


@pytest.fixture
def tallies():
    with declared("tests.tallies"):

        class Tallies(RowProjector, name="tests.tallies", models=[Tally]):
            @projects(Counted, row=lambda event: event.key)
            def counted(self, row, event, recorded):
                row.count += 1
                row.total += event.number
                row.last = recorded.position

            @projects(Emptied, row=lambda event: event.key)
            def emptied(self, row, event, recorded):
                return False

        duties.begin()
        yield Tallies


def rows() -> dict[str, tuple[int, int]]:
    return {row.key: (row.count, row.total) for row in Tally.objects.all()}


def test_events_are_folded_into_rows(tallies):
    happen(1, 2, key="a")
    happen(5, key="b")
    follow_to_the_end()
    happen(3, key="a")
    follow_to_the_end()

    assert rows() == {"a": (3, 6), "b": (1, 5)}
    assert Tally.objects.get(key="a").last == 4


def test_a_page_reads_and_writes_its_rows_once(tallies, django_assert_max_num_queries):
    happen(*range(300), key="a")
    happen(*range(300), key="b")

    with django_assert_max_num_queries(20):
        follow_to_the_end()

    assert rows() == {"a": (300, 44_850), "b": (300, 44_850)}


def test_a_method_may_delete_its_row_which_then_begins_anew(tallies):
    from django.db import transaction

    from opsconsole.engine import emit, sequencing

    happen(1, key="a")
    happen(1, key="b")
    follow_to_the_end()
    with transaction.atomic():
        emit(Emptied(key="a"))
        emit(Emptied(key="b"))
        emit(Counted(number=9, key="b"))
        emit(Emptied(key="never there"))
    sequencing.catch_up()
    follow_to_the_end()

    assert rows() == {"b": (1, 9)}


def test_a_projector_may_write_as_it_likes():
    with declared("tests.free"):

        class Free(Projector, name="tests.free", models=[Tally]):
            @projects(Counted, Uncounted)
            def any_of_them(self, event, recorded):
                Tally.objects.create(key=str(recorded.position), total=getattr(event, "number", -1))

        duties.begin()
        happen(4, 5)
        follow_to_the_end()

    assert rows() == {"1": (0, 4), "2": (0, 5)}


def test_a_failing_event_leaves_the_rows_before_it(tallies):
    happen(1, 2, key="a")
    StoredEvent.objects.filter(position=2).update(data={"number": "x"})

    follow_to_the_end()

    assert rows() == {"a": (1, 1)}
    assert state("tests.tallies").failed_position == 2


def test_two_methods_for_one_type_are_refused():
    with declared("tests.twice"), pytest.raises(TypeError, match="two methods for 'tests.counted'"):

        class Twice(Projector, name="tests.twice"):
            @projects(Counted)
            def one(self, event, recorded): ...

            @projects(Counted)
            def another(self, event, recorded): ...


def test_a_row_projector_must_say_which_row(tallies):
    with declared("tests.vague"):

        class Vague(RowProjector, name="tests.vague", models=[Tally]):
            @projects(Counted)
            def counted(self, row, event, recorded): ...

        duties.begin()
        happen(1)
        follow_to_the_end()

        assert "does not say which row" in state("tests.vague").error
