from datetime import timedelta

import pytest

from opsconsole.engine import Command, handles
from opsconsole.engine.messages import COMMANDS
from opsconsole.engine.registry import HANDLERS
from opsconsole.streams import checks, moves
from opsconsole.streams.models import Move
from opsconsole.streams.processes import ByHand, ProcessManager, begins_with, if_still
from tests.streams.orders import Order, OrderPlaced
from tests.streams.readers import declared

pytestmark = pytest.mark.usefixtures("alone")


@pytest.fixture
def pointless():
    class PointAtNothing(Command, name="tests.point_at_nothing"):
        number: int

    handles(PointAtNothing)(lambda command, work: None)
    yield PointAtNothing
    COMMANDS.remove("tests.point_at_nothing")
    HANDLERS.remove("tests.point_at_nothing")


def ids(problems) -> list[str]:
    return [problem.id for problem in problems]


def test_a_sound_process_has_no_problems():
    moves.PROCESSES.add("tests.order", Order)

    assert checks.check_processes(None) == []


def test_what_cannot_be_is_told(pointless):
    with declared("tests.circle"):

        class Circle(
            ProcessManager,
            name="tests.circle",
            moves={"a": {"b"}, "b": {"a"}},
            by_hand=[ByHand("Point", pointless, ("a", "c"))],
        ):
            @begins_with(OrderPlaced)
            @classmethod
            def begun(cls, event): ...

            @if_still("d", after=timedelta(seconds=1))
            def late(self): ...

        problems = checks.check_processes(None)

    assert ids(problems) == ["ops_streams.E001", "ops_streams.E002", "ops_streams.E002", "ops_streams.E003"]
    assert "names 'd' in if_still" in problems[1].msg
    assert "names 'c' in by_hand" in problems[2].msg
    assert "PointAtNothing" in problems[3].msg


def test_moves_that_the_database_does_not_know_are_told():
    moves.PROCESSES.add("tests.order", Order)
    moves.keep()
    assert checks.check_moves(None, databases=["default"]) == []

    Move.objects.filter(process="tests.order", target="paid").delete()

    assert ids(checks.check_moves(None, databases=["default"])) == ["ops_streams.W010"]
    assert checks.check_moves(None, databases=None) == []
    moves.keep()
