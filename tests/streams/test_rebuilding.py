from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from opsconsole.kernel.identifiers import uuid7
from opsconsole.streams import duties, isolating, operations, parking, rebuilding, shadows
from opsconsole.streams.following import apply_page, follow_to_the_end, leave, take
from opsconsole.streams.models import ParkedEvent, SkippedEvent, Subscription
from opsconsole.streams.projectors import Projector, RowProjector, projects
from opsconsole.streams.turns import lock
from tests.handlers_app.models import Entry, Kinds, Page, Tally
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
    leave(name)
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
    leave(name)
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
    leave(name)
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


def test_a_subscription_without_code_cannot_be_rebuilt():
    with pytest.raises(operations.Refused, match="no code here declares tests.gone"):
        rebuilding.rebuild("tests.gone", actor="ada")


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


@pytest.fixture
def kinds():
    """A projection with a generated column, and a key of another table when `of` names one."""
    with declared("tests.kinds"):

        class OfKinds(RowProjector, name="tests.kinds", models=[Kinds]):
            @projects(Counted, row=lambda event: event.key)
            def counted(self, row, event, recorded):
                row.amount = event.number

        duties.begin()
        yield
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA IF EXISTS {shadows.schema_of('tests.kinds')} CASCADE")


def test_columns_that_the_database_computes_are_rebuilt_too(kinds):
    happen(3, 4)
    rebuilding.rebuild("tests.kinds", actor="ada")

    follow_to_the_end()

    assert Kinds.objects.get().doubled == 8
    assert not Subscription.objects.filter(shadow_of="tests.kinds").exists()


@pytest.fixture
def pages():
    """A projection whose rows refer to entries, which may be gone when their events are read again."""
    with declared("tests.pages"):

        class Pages(Projector, name="tests.pages", models=[Page]):
            @projects(Counted)
            def counted(self, event, recorded):
                Page.objects.create(entry_id=event.number, number=event.number)

        duties.begin()
        yield
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA IF EXISTS {shadows.schema_of('tests.pages')} CASCADE")


def test_an_exchange_that_the_database_refuses_stops_the_rebuild_and_blames_no_event(pages):
    entry_id = Entry.objects.create(command_id=uuid7()).pk
    happen(entry_id)
    follow_to_the_end()
    Entry.objects.all().delete()
    name = rebuilding.rebuild("tests.pages", actor="ada")

    follow_to_the_end()

    stopped = state(name)
    assert (stopped.status, stopped.error_class, stopped.position) == ("stopped", "IntegrityError", 1)
    with pytest.raises(operations.Refused, match="no event is to blame"):
        operations.skip(name, stopped.failed_position, actor="ada", reason="a try")
    Entry.objects.create(pk=entry_id, command_id=uuid7())
    operations.retry(name, actor="ada")
    follow_to_the_end()
    assert Page.objects.get().number == entry_id
    assert state("tests.pages").position == 1


def test_workers_that_are_lost_in_the_exchange_are_charged_to_no_event(factor, monkeypatch):
    class WorkerLost(BaseException):
        pass

    def die(*args):
        raise WorkerLost

    happen(1, 2)
    follow_to_the_end()
    name = rebuilding.rebuild("tests.tallies", actor="ada")
    monkeypatch.setattr(shadows, "exchange", die)
    for _ in range(9):
        Subscription.objects.filter(name=name).update(seen_at=Now() - timedelta(minutes=1))
        if take() != name:
            break
        with suppress(WorkerLost):
            while apply_page(name):
                pass

    stopped = state(name)
    assert (stopped.status, stopped.error_class) == ("stopped", "WorkersLost")
    assert stopped.position == stopped.failed_position == 2, "no event was left out"


def test_what_a_rebuild_skips_is_skipped_and_the_next_rebuild_may_skip_it_again(factor):
    happen(1, 2)
    follow_to_the_end()
    for _ in range(2):
        factor.value = None
        name = rebuilding.rebuild("tests.tallies", actor="ada")
        follow_to_the_end()
        operations.skip(name, 1, actor="ada", reason="cannot be read")
        factor.value = 1
        follow_to_the_end()
        assert total() == 2
        assert list(SkippedEvent.objects.values_list("subscription", "position")) == [("tests.tallies", 1)]

    factor.value = None
    name = rebuilding.rebuild("tests.tallies", actor="ada")
    follow_to_the_end()
    operations.skip(name, 1, actor="ada", reason="cannot be read")
    rebuilding.give_up("tests.tallies", actor="ada")
    assert list(SkippedEvent.objects.values_list("subscription", "position")) == [("tests.tallies", 1)]


def test_what_the_old_one_was_quicker_with_is_parked_behind_its_stream():
    bad = {1}
    with declared("tests.parking"):

        class Parking(RowProjector, name="tests.parking", models=[Tally], on_failure="park"):
            @projects(Counted, row=lambda event: event.key)
            def counted(self, row, event, recorded):
                if event.number in bad:
                    raise ValueError("bad")
                row.total = row.total * 10 + event.number

        duties.begin()
        happen(1, stream="tests.a-1")
        name = rebuilding.rebuild("tests.parking", actor="ada")
        take()
        isolating.apply_one_by_one(name)
        bad.clear()
        happen(2, stream="tests.a-1")
        while take() != "tests.parking":
            leave(name)
        while apply_page("tests.parking"):
            pass
        assert Tally.objects.get().total == 12
        with transaction.atomic():
            turn = lock(name)
            turn.head = turn.position
            rebuilding.exchange(turn)

        assert not Tally.objects.exists()
        assert parking.apply_parked("tests.parking", "tests.a-1") == 2
        assert Tally.objects.get().total == 12, "in their order"
