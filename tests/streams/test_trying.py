from datetime import timedelta

import pytest

from opsconsole.streams.projectors import RowProjector, projects
from opsconsole.streams.testing import given
from opsconsole.streams.trying import StoryFailed
from tests.handlers_app.models import Tally
from tests.streams.orders import Collect, Order, OrderPaid, OrderPlaced, OrderShipped, Ship
from tests.streams.readers import Counted, declared

PLACED = OrderPlaced(order="o1", amount=5)


def test_a_process_is_begun_and_moved_without_a_database():
    given(Order).when(PLACED).then(Collect(order="o1", amount=5)).then_status("placed").then_state(amount=5)
    given(Order, PLACED).when(OrderPaid()).then(Ship(order="o1")).then_status("paid")
    given(Order, PLACED, OrderPaid()).when(OrderShipped(order="o1")).then().then_status("shipped")


def test_what_a_process_refuses_is_told():
    given(Order, PLACED, OrderPaid()).when(OrderPaid()).then_refused("from 'paid' to 'paid'").then().then_status("paid")
    given(Order, PLACED).when_decided(lambda order: order.to("shipped")).then_refused("to 'shipped'")


def test_a_process_that_waits_in_vain():
    late = given(Order, PLACED).when_nothing_happens(timedelta(seconds=30))
    late.then(Collect(order="o1", amount=5)).then_status("late").then_state(reminders=1)
    given(Order, PLACED).when_nothing_happens(timedelta(seconds=29)).then().then_status("placed")


def test_events_that_mean_nothing_to_it_change_nothing():
    given(Order).when(OrderPaid()).then()
    given(Order, PLACED).when(Counted()).then().then_status("placed")
    given(Order).when(OrderPlaced(order="o1", amount=0)).then()


def test_a_story_that_goes_otherwise_is_told_whole():
    with pytest.raises(StoryFailed, match=r"(?s)OrderPlaced\(order='o1'.*expected the commands .*Collect"):
        given(Order).when(PLACED).then(Ship(order="o1"))
    with pytest.raises(StoryFailed, match="expected the state 'paid'\nit is 'placed'"):
        given(Order, PLACED).then_status("paid")
    with pytest.raises(StoryFailed, match="expected amount to be 6\nit is 5"):
        given(Order, PLACED).then_state(amount=6)
    with pytest.raises(StoryFailed, match="there was 'none'"):
        given(Order, PLACED).then_refused()
    with pytest.raises(StoryFailed, match="it has not begun"):
        given(Order).when_decided(lambda order: order)


def test_rows_of_a_projector_are_folded_without_a_database():
    with declared("tests.folded"):

        class Folded(RowProjector, name="tests.folded", models=[Tally]):
            @projects(Counted, row=lambda event: event.key)
            def counted(self, row, event, recorded):
                row.count, row.last = row.count + 1, recorded.position
                return event.number >= 0

        rows = given(Folded, Counted(key="a", number=1), Counted(key="b", number=1)).when(Counted(key="a", number=2))
        rows.then("a", count=2, last=3).then("b", count=1).then_no("c")
        rows.when(Counted(key="a", number=-1)).then_no("a")
        with pytest.raises(StoryFailed, match="there is no row 'a'"):
            rows.then("a")
        with pytest.raises(StoryFailed, match=r"expected \{'count': 9\} of row 'b'; it has \{'count': 1\}"):
            rows.then("b", count=9)
        with pytest.raises(StoryFailed, match="there is a row 'b'"):
            rows.then_no("b")
