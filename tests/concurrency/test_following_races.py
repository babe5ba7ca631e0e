"""Several workers, one consumer: whoever holds the row's lock."""

import threading

import pytest
from django.db import connection, connections, transaction

from opsconsole.engine import sequencing
from opsconsole.kernel.identifiers import uuid7
from opsconsole.kernel.tracing import Cause
from opsconsole.streams import duties, moves, moving, operations, turns
from opsconsole.streams.followers import FOLLOWERS
from opsconsole.streams.following import follow_to_the_end, take
from opsconsole.streams.models import Process, ProcessStep, SkippedEvent
from opsconsole.streams.moves import IllegalMove
from tests.concurrency.races import at_once, rounds
from tests.handlers_app.models import Entry
from tests.streams.orders import Order, OrderPlaced
from tests.streams.readers import happen, reader, state

ORDERS = FOLLOWERS.get("tests.order")

pytestmark = pytest.mark.usefixtures("alone")


@pytest.fixture
def ledger():
    """Writes an entry for every event."""
    with reader(
        lambda event, following: Entry.objects.create(command_id=following.recorded.id, note=str(event.number))
    ):
        yield


def numbers() -> list[int]:
    return [int(note) for note in Entry.objects.order_by("id").values_list("note", flat=True)]


@rounds(20, 300)
def test_workers_that_serve_one_subscription_at_once_apply_every_event_once_in_order(ledger, rounds: int):
    expected: list[int] = []
    for number in range(rounds):
        happen(*range(number * 5, number * 5 + 5))
        expected += range(number * 5, number * 5 + 5)
        at_once(*[follow_to_the_end] * 4)

    assert numbers() == expected
    assert state().position == sequencing.last_position()


def test_while_somebody_applies_a_page_others_pass_it_over(ledger):
    happen(1)
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            assert turns.lock("tests.reader") is not None
            inside.set()
            leave.wait(30)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait(30)
    try:
        assert take() is None
    finally:
        leave.set()
        holder.join()
    follow_to_the_end()
    assert numbers() == [1]


def test_a_worker_that_freezes_inside_a_page_loses_its_session_and_with_it_the_subscription(ledger, settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "lease": 1}
    happen(1)
    frozen, seen = threading.Event(), []

    def freeze() -> None:
        try:
            with transaction.atomic():
                turns.lock("tests.reader")
                Entry.objects.create(command_id=uuid7(), note="99")
                frozen.set()
                thawed.wait(30)
                Entry.objects.create(command_id=uuid7(), note="100")
        except Exception as error:
            seen.append(error)
        finally:
            connections["default"].close()

    thawed = threading.Event()
    worker = threading.Thread(target=freeze)
    worker.start()
    frozen.wait(30)
    while not Entry.objects.exists():
        follow_to_the_end()  # passes it over until the session of the frozen one has ended
    thawed.set()
    worker.join()

    assert numbers() == [1]
    assert len(seen) == 1


@rounds(10, 300)
def test_of_two_operators_who_skip_one_event_one_wins(rounds: int):
    def fail(event, following):
        raise ValueError("bad")

    def skip() -> bool:
        try:
            operations.skip("tests.reader", position, actor="ada", reason="a race")
        except operations.Refused:
            return False
        return True

    with reader(fail):
        for position in range(1, rounds + 1):
            happen(position)
            follow_to_the_end()
            assert sorted(at_once(skip, skip)) == [False, True]
            follow_to_the_end()
        assert SkippedEvent.objects.count() == rounds
        assert state().position == rounds


@rounds(20, 300)
def test_of_a_command_and_a_deadline_that_move_one_instance_one_wins(rounds: int):
    FOLLOWERS.add("tests.order", ORDERS)
    moves.PROCESSES.add("tests.order", Order)
    moves.keep()
    duties.begin()

    def give_up() -> bool:
        try:
            with transaction.atomic():
                moving.move_process(Order, process.id, lambda order: order.to("given up"), name="tests.give_up")
        except IllegalMove:
            return False
        return True

    def pay() -> bool:
        try:
            with transaction.atomic():
                moving.move_process(Order, process.id, lambda order: order.to("paid"), name="tests.pay")
        except IllegalMove:
            return False
        return True

    for number in range(rounds):
        process = _late_order(f"o{number}")
        assert sorted(at_once(give_up, pay)) == [False, True]
        process.refresh_from_db()
        assert process.version == 3
        assert ProcessStep.objects.filter(process_id=process.id).count() == 3


def _late_order(name: str) -> Process:
    from opsconsole.streams.instances import Instances

    with transaction.atomic():
        instances = Instances(Order)
        cause = Cause("event", uuid7(), uuid7())
        instances.begin(Order.placed(OrderPlaced(order=name)), cause, "tests.order_placed")
        instances.write()
        (instance,) = instances.by_id.values()
        instances.move(instance, Order.late, cause, "late")
        instances.write()
    return Process.objects.get(subject=name)
