import pytest
from django.db import connection

from opsconsole.streams import duties, operations, rebuilding, shadows
from opsconsole.streams.following import apply_page, follow_to_the_end, let_go, take
from opsconsole.streams.models import ParkedEvent, Subscription
from opsconsole.streams.projectors import Projector, RowProjector, projects
from tests.handlers_app.models import Entry, Tally
from tests.streams.readers import Counted, declared, happen, reader, state

pytestmark = pytest.mark.usefixtures("alone")


@pytest.fixture
def factor():
    """A projection that multiplies by a factor that a release may change."""

    class Factor:
        value = 1

    with declared("tests.tallies"):

        class Tallies(RowProjector, name="tests.tallies", models=[Tally], page=2):
            @projects(Counted, row=lambda event: event.key)
            def counted(self, row, event, recorded):
                row.total += event.number * Factor.value

        duties.begin()
        yield Factor
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA IF EXISTS {shadows.schema_of('tests.tallies')} CASCADE")


def total() -> int:
    return Tally.objects.get(key="a").total


def schemas() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'ops\\_shadow%%'")
        return [name for (name,) in cursor.fetchall()]


def test_the_old_rows_serve_until_the_new_ones_take_their_place(factor):
    happen(*[1] * 5)
    follow_to_the_end()
    factor.value = 10
    name = rebuilding.rebuild("tests.tallies", actor="ada")

    take()
    assert apply_page(name) and apply_page(name)
    let_go(name)
    assert (state(name).position, total()) == (4, 5)
    follow_to_the_end()

    assert total() == 50
    assert not Subscription.objects.filter(name=name).exists()
    assert (state("tests.tallies").position, schemas()) == (5, [])


def test_what_happens_meanwhile_is_in_both(factor):
    happen(1, 1, 1)
    follow_to_the_end()
    factor.value = 10
    name = rebuilding.rebuild("tests.tallies", actor="ada")
    take()
    apply_page(name)
    let_go(name)
    happen(1)
    apply_page("tests.tallies")
    assert total() == 13

    follow_to_the_end()
    assert total() == 40
    happen(1)
    follow_to_the_end()
    assert total() == 50


def test_a_rebuild_of_an_empty_log_empties_the_projection(factor):
    Tally.objects.create(key="from nowhere")
    rebuilding.rebuild("tests.tallies", actor="ada")

    follow_to_the_end()

    assert (Tally.objects.count(), schemas()) == (0, [])


def test_a_rebuild_may_rest_and_go_on(factor):
    happen(*[1] * 5)
    follow_to_the_end()
    name = rebuilding.rebuild("tests.tallies", actor="ada")
    take()
    apply_page(name)
    let_go(name)
    operations.pause(name, actor="ada", reason="busy hours")
    follow_to_the_end()
    assert (state(name).position, state("tests.tallies").position) == (2, 5)

    operations.resume(name, actor="ada")
    follow_to_the_end()
    assert not Subscription.objects.filter(name=name).exists()


def test_a_rebuild_mends_a_projection_that_has_stopped(factor):
    happen(1, 2)
    factor.value = None
    follow_to_the_end()
    assert state("tests.tallies").status == "stopped"

    factor.value = 1
    rebuilding.rebuild("tests.tallies", actor="ada")
    follow_to_the_end()

    assert (state("tests.tallies").status, total()) == ("running", 3)


def test_a_second_rebuild_at_the_same_time_is_refused(factor):
    rebuilding.rebuild("tests.tallies", actor="ada")

    with pytest.raises(operations.Refused, match="being rebuilt already"):
        rebuilding.rebuild("tests.tallies", actor="bob")


def test_a_rebuild_may_be_given_up(factor):
    happen(1)
    follow_to_the_end()
    rebuilding.rebuild("tests.tallies", actor="ada")

    rebuilding.give_up("tests.tallies", actor="ada")

    assert (schemas(), total()) == ([], 1)
    with pytest.raises(operations.Refused, match="not being rebuilt"):
        rebuilding.give_up("tests.tallies", actor="ada")


def test_a_subscription_without_tables_cannot_be_rebuilt():
    with (
        reader(lambda event, following: None),
        pytest.raises(operations.Refused, match="no projection with tables"),
    ):
        rebuilding.rebuild("tests.reader", actor="ada")


def test_rows_with_identifiers_of_the_database_get_new_ones_of_the_same_sequence():
    with declared("tests.entries"):

        class Entries(Projector, name="tests.entries", models=[Entry]):
            @projects(Counted)
            def counted(self, event, recorded):
                Entry.objects.create(command_id=recorded.id, note=str(event.number))

        duties.begin()
        happen(1, 2)
        follow_to_the_end()
        before = set(Entry.objects.values_list("id", flat=True))
        rebuilding.rebuild("tests.entries", actor="ada")
        follow_to_the_end()
        happen(3)
        follow_to_the_end()

        assert [*Entry.objects.order_by("id").values_list("note", flat=True)] == ["1", "2", "3"]
        assert before.isdisjoint(Entry.objects.values_list("id", flat=True))


def test_what_the_rebuild_has_parked_is_parked_afterwards_and_nothing_else():
    class Bad:
        keys = {"a", "b"}

    with declared("tests.parking"):

        class Parking(RowProjector, name="tests.parking", models=[Tally], on_failure="park"):
            @projects(Counted, row=lambda event: event.key)
            def counted(self, row, event, recorded):
                if event.key in Bad.keys:
                    raise ValueError(event.key)
                row.count += 1

        duties.begin()
        for key in "abc":
            happen(1, key=key, stream=f"tests.keys-{key}")
        follow_to_the_end()
        assert state("tests.parking").parked == 2
        Bad.keys = {"b"}
        rebuilding.rebuild("tests.parking", actor="ada")
        follow_to_the_end()

        assert list(ParkedEvent.objects.values_list("subscription", "stream")) == [("tests.parking", "tests.keys-b")]
        assert (state("tests.parking").parked, Tally.objects.count()) == (1, 2)
        rebuilding.rebuild("tests.parking", actor="ada")
        take()
        rebuilding.give_up("tests.parking", actor="ada")
        assert ParkedEvent.objects.count() == 1
