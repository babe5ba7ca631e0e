from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from opsconsole.engine import Event, emit, sequencing
from opsconsole.engine.intake import NotInTransaction
from opsconsole.engine.models import Command
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7
from opsconsole.kernel.tracing import Cause, acting_for
from opsconsole.streams import deadlines, duties, moves, moving
from opsconsole.streams.followers import FOLLOWERS
from opsconsole.streams.following import follow_to_the_end
from opsconsole.streams.models import Move, Process, ProcessStep, Subscription
from opsconsole.streams.moves import IllegalMove
from opsconsole.streams.processes import ProcessManager, begins_with, moves_on
from tests.streams.orders import Collect, Order, OrderPaid, OrderPlaced, OrderShipped, Ship
from tests.streams.readers import declared, state

ORDERS = FOLLOWERS.get("tests.order")


@pytest.fixture(autouse=True)
def _declared(fresh_engine, alone):
    FOLLOWERS.add("tests.order", ORDERS)
    moves.PROCESSES.add("tests.order", Order)
    moves.keep()
    duties.begin()


def happened(event, process: Process | None = None) -> None:
    """Emit an event, as part of the flow of an instance when one is given, and let it be followed."""
    cause = Cause("command", uuid7(), process.id, "", {}) if process else Cause()
    with acting_for(cause), transaction.atomic():
        emit(event)
    sequencing.catch_up()
    follow_to_the_end()


def placed(order: str = "o1", amount: int = 5) -> Process:
    happened(OrderPlaced(order=order, amount=amount))
    return Process.objects.get(subject=order, is_live=True)


def commands(message) -> list[Command]:
    return list(Command.objects.filter(type=message.__contract__.name).order_by("id"))


def steps(process: Process) -> list[tuple[str, str]]:
    return list(ProcessStep.objects.filter(process_id=process.id).order_by("id").values_list("source", "target"))


def test_an_event_begins_an_instance_whose_commands_bear_its_name():
    process = placed()

    assert (process.type, process.status, process.subject, process.version) == ("tests.order", "placed", "o1", 1)
    assert process.state == {"status": "placed", "order": "o1", "amount": 5, "reminders": 0}
    (command,) = commands(Collect)
    event = StoredEvent.objects.get()
    assert (command.correlation_id, command.cause_kind, command.cause_id) == (process.id, "event", event.id)
    assert command.payload == {"order": "o1", "amount": 5}
    step = ProcessStep.objects.get()
    assert (step.cause_kind, step.cause_id, step.cause_name) == ("event", event.id, "tests.order_placed")


def test_an_event_that_asks_for_no_instance_makes_none():
    happened(OrderPlaced(order="o1", amount=0))

    assert not Process.objects.exists()


def test_events_of_its_flow_move_an_instance_and_the_next_command_follows_from_the_state():
    process = placed()
    happened(OrderPaid(), process)

    process.refresh_from_db()
    assert (process.status, process.version, process.is_live) == ("paid", 2, True)
    assert [command.payload for command in commands(Ship)] == [{"order": "o1"}]
    assert steps(process) == [("", "placed"), ("placed", "paid")]


def test_an_event_of_another_flow_finds_the_live_instance_by_its_subject():
    process, other = placed("o1"), placed("o2")
    happened(OrderPaid(), process)
    happened(OrderShipped(order="o1"))

    process.refresh_from_db()
    other.refresh_from_db()
    assert (process.status, process.is_live, other.status) == ("shipped", False, "placed")


def test_an_event_of_a_flow_that_is_no_instances_is_nobodys():
    placed()
    happened(OrderPaid())

    assert Process.objects.get().status == "placed"
    assert state("tests.order").position == 2


def test_while_an_instance_lives_a_second_one_about_the_same_subject_is_refused():
    process = placed()
    happened(OrderPlaced(order="o1", amount=9))

    assert Process.objects.count() == 1
    refused = ProcessStep.objects.exclude(refusal="").get()
    assert (refused.process_id, refused.refusal) == (process.id, "one about the same subject is live already")
    assert len(commands(Collect)) == 1


def test_once_an_instance_has_ended_the_next_one_may_begin():
    process = placed()
    happened(OrderPaid(), process)
    happened(OrderShipped(order="o1"))
    placed()

    assert sorted(Process.objects.values_list("status", flat=True)) == ["placed", "shipped"]


def test_a_move_that_the_state_machine_does_not_have_is_refused_and_kept():
    process = placed()
    happened(OrderPaid(), process)
    happened(OrderPaid(), process)

    process.refresh_from_db()
    assert (process.status, process.version) == ("paid", 2)
    refused = ProcessStep.objects.exclude(refusal="").get()
    assert refused.refusal == "tests.order cannot go from 'paid' to 'paid'"
    assert len(commands(Ship)) == 1
    assert state("tests.order").status == "running"


def test_several_events_of_one_instance_in_one_page_are_several_moves():
    process = placed()
    with acting_for(Cause("command", uuid7(), process.id)), transaction.atomic():
        emit(OrderPaid())
        emit(OrderShipped(order="o1"))
    sequencing.catch_up()
    follow_to_the_end()

    process.refresh_from_db()
    assert (process.status, process.version) == ("shipped", 3)
    assert steps(process) == [("", "placed"), ("placed", "paid"), ("paid", "shipped")]


def test_many_instances_begin_in_one_page():
    with transaction.atomic():
        for number in range(50):
            emit(OrderPlaced(order=f"o{number % 40}"))
    sequencing.catch_up()
    follow_to_the_end()

    assert Process.objects.count() == len(commands(Collect)) == 40
    assert ProcessStep.objects.exclude(refusal="").count() == 10


def test_a_command_moves_an_instance_too():
    process = placed()
    with transaction.atomic():
        moving.move_process(Order, process.id, lambda order: order.to("paid"), name="tests.pay_by_hand")

    process.refresh_from_db()
    assert process.status == "paid"
    assert ProcessStep.objects.order_by("id").last().cause_name == "tests.pay_by_hand"


def test_a_command_that_asks_for_a_move_that_there_is_not_fails_with_the_reason():
    process = placed()

    with pytest.raises(IllegalMove, match="cannot go from 'placed' to 'shipped'"), transaction.atomic():
        moving.move_process(Order, process.id, lambda order: order.to("shipped"), name="tests.x")
    with pytest.raises(moving.NoSuchProcess, match="no tests.order has the id"), transaction.atomic():
        moving.move_process(Order, uuid7(), lambda order: order.to("shipped"), name="tests.x")


def test_when_nothing_has_happened_the_deadline_does():
    with clock.freeze(clock.now()):
        process = placed()
        assert process.deadline_at == clock.now() + timedelta(seconds=30)
        clock.advance(timedelta(seconds=29))
        assert follow_to_the_end() == 0
        clock.advance(timedelta(seconds=1))
        follow_to_the_end()

        process.refresh_from_db()
        assert (process.status, process.state["reminders"], process.deadline_at) == ("late", 1, None)
        assert process.moved_at == clock.now()
    command = commands(Collect)[-1]
    assert (command.cause_kind, command.cause_id, command.correlation_id) == ("process", process.id, process.id)


def test_a_deadline_ends_with_the_state_that_it_is_about():
    with clock.freeze(clock.now()):
        process = placed()
        happened(OrderPaid(), process)
        clock.advance(timedelta(seconds=60))
        follow_to_the_end()

        process.refresh_from_db()
        assert (process.status, process.deadline_at) == ("paid", None)


def test_a_deadline_whose_method_fails_is_kept_with_the_instance_and_holds_nothing_up(monkeypatch):
    def fail(self):
        raise RuntimeError("no time")

    monkeypatch.setattr(Order, "late", fail)
    with clock.freeze(clock.now()):
        process, other = placed("o1"), placed("o2")
        clock.advance(timedelta(seconds=30))
        follow_to_the_end()

        process.refresh_from_db()
        assert (process.status, process.deadline_at) == ("placed", None)
        assert set(ProcessStep.objects.exclude(refusal="").values_list("process_id", "refusal")) == {
            (process.id, "RuntimeError: no time"),
            (other.id, "RuntimeError: no time"),
        }


@pytest.mark.parametrize(("status", "words"), [("shipped", "from 'placed' to 'shipped'"), ("lost", "to 'lost'")])
def test_the_database_refuses_a_move_that_is_not_declared(status, words):
    placed()

    with pytest.raises(IntegrityError, match=words), transaction.atomic():
        Process.objects.update(status=status)


def test_the_database_refuses_an_instance_that_begins_elsewhere():
    process = placed()
    process.pk, process.subject, process.status = uuid7(), "o2", "paid"

    with pytest.raises(IntegrityError, match="from '' to 'paid'"), transaction.atomic():
        process.save(force_insert=True)


def test_the_database_refuses_a_second_live_instance_about_one_subject():
    process = placed()
    process.pk = uuid7()

    with pytest.raises(IntegrityError, match="ops_streams_process_live"), transaction.atomic():
        process.save(force_insert=True)


def test_the_moves_in_the_database_follow_the_code():
    Move.objects.filter(process="tests.order", target="paid").delete()
    Move.objects.create(process="tests.order", source="shipped", target="placed")
    Move.objects.create(process="tests.of_a_removed_app", source="", target="x")

    moves.keep()

    kept = set(Move.objects.filter(process="tests.order").values_list("source", "target"))
    assert kept == {
        ("", "placed"),
        ("placed", "paid"),
        ("placed", "late"),
        ("late", "paid"),
        ("late", "given up"),
        ("paid", "shipped"),
    }
    assert Move.objects.filter(process="tests.of_a_removed_app").exists()


def test_a_process_that_begins_in_a_state_it_may_not_begin_in_stops_loudly():
    with declared("tests.wrong"):

        class Wrong(ProcessManager, name="tests.wrong", moves={"one": {"two"}, "two": set()}):
            def subject(self) -> str:
                return "everything"

            @begins_with(OrderShipped)
            @classmethod
            def begun(cls, event):
                return cls(status="two")

        moves.keep()
        duties.begin()
        happened(OrderShipped(order="o1"))

        stopped = state("tests.wrong")
        assert (stopped.status, stopped.error_class) == ("stopped", "IntegrityError")
        assert "tests.wrong cannot go from '' to 'two'" in stopped.error


def test_an_instance_that_cannot_be_read_keeps_no_other_waiting(caplog):
    with clock.freeze(clock.now()):
        broken, other = placed("o1"), placed("o2")
        Process.objects.filter(pk=broken.pk).update(state={"of": "another world"})
        clock.advance(timedelta(seconds=30))
        follow_to_the_end()

        other.refresh_from_db()
        broken.refresh_from_db()
        assert (other.status, broken.status) == ("late", "placed")
        assert broken.deadline_at == clock.now() + timedelta(minutes=1), "it is tried again"
    assert "put off" in caplog.text


def test_a_deadline_that_the_database_refuses_is_tried_again():
    with clock.freeze(clock.now()):
        process = placed()
        Move.objects.filter(process="tests.order", target="late").delete()  # as before a migration
        clock.advance(timedelta(seconds=30))
        follow_to_the_end()
        process.refresh_from_db()
        assert (process.status, process.deadline_at) == ("placed", clock.now() + timedelta(minutes=1))

        moves.keep()
        clock.advance(timedelta(minutes=1))
        follow_to_the_end()
        process.refresh_from_db()
        assert process.status == "late"


def test_what_happened_in_time_comes_before_the_deadline_however_late_it_is_read():
    with clock.freeze(clock.now()):
        process = placed()
        Subscription.objects.filter(name="tests.order").update(status="paused")
        clock.advance(timedelta(seconds=10))
        happened(OrderPaid(), process)
        clock.advance(timedelta(minutes=5))
        follow_to_the_end()
        process.refresh_from_db()
        assert process.status == "placed", "whether it was paid in time is not known yet"

        Subscription.objects.filter(name="tests.order").update(status="running")
        follow_to_the_end()
        process.refresh_from_db()
        assert process.status == "paid"


def test_deadlines_of_many_pass_in_pages(monkeypatch):
    monkeypatch.setattr(deadlines, "PAGE", 2)
    with clock.freeze(clock.now()):
        for number in range(5):
            placed(f"o{number}")
        clock.advance(timedelta(seconds=30))
        assert deadlines.pass_due(until=0) == 2, "a page at least, and no more when time is up"
        assert deadlines.pass_due() == 3
    assert set(Process.objects.values_list("status", flat=True)) == {"late"}


def test_a_page_of_deadlines_is_a_page_by_whatever_plan(monkeypatch):
    monkeypatch.setattr(deadlines, "PAGE", 2)
    with clock.freeze(clock.now()):
        for number in range(5):
            placed(f"o{number}")
        clock.advance(timedelta(seconds=30))
        others = ("hashjoin", "mergejoin", "hashagg", "sort", "material", "memoize")
        with connection.cursor() as cursor:  # left is a loop, which the planner may choose by itself
            for other in others:
                cursor.execute(f"SET enable_{other} = off")
            try:
                assert deadlines.pass_due(until=0) == 2
            finally:
                for other in others:
                    cursor.execute(f"RESET enable_{other}")


def test_an_instance_may_change_what_it_is_about():
    class Parcel(Event, name="tests.parcel"):
        label: int
        to: int = 0

    with declared("tests.parcels"):

        class Parcels(ProcessManager, name="tests.parcels", moves={"here": {"there"}, "there": set()}):
            label: int

            def subject(self):
                return self.label

            @begins_with(Parcel)
            @classmethod
            def begun(cls, event):
                return cls(status="here", label=event.label) if event.to == 0 else None

            @moves_on(Parcel, subject=lambda event: event.label)
            def moved(self, event):
                return self.to("there") if event.to == self.label else self.model_copy(update={"label": event.to})

        FOLLOWERS.get("tests.parcels")
        moves.keep()
        duties.begin()
        with transaction.atomic():
            for label, to in ((1, 0), (1, 2), (2, 2)):
                emit(Parcel(label=label, to=to))
        sequencing.catch_up()
        follow_to_the_end()

        assert state("tests.parcels").status == "running"
        process = Process.objects.get(type="tests.parcels")
        assert (process.subject, process.status, process.version) == ("2", "there", 3)


def test_moving_an_instance_outside_a_transaction_is_refused():
    process = placed()
    with pytest.raises(NotInTransaction):
        moving.move_process(Order, process.id, lambda order: order.to("paid"), name="tests.x")
