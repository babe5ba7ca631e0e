"""A process to look at: a ship sails, and may run aground, until somebody tows it. And how the past left some."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from opsconsole.engine import Command, Event, Work, handles
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7, uuid7_at
from opsconsole.streams import moves, moving
from opsconsole.streams.followers import FOLLOWERS
from opsconsole.streams.models import Move, Process, ProcessStep
from opsconsole.streams.processes import ByHand, ProcessManager, begins_with, if_still, moves_on

MINUTE = timedelta(minutes=1)


class VoyagePlanned(Event, name="tests.voyage_planned"):
    ship: str


class ShipReported(Event, name="tests.ship_reported"):
    place: str


class CastOff(Command, name="tests.cast_off"):
    ship: str


class Tow(Command, name="tests.tow", internal=True):
    process_id: UUID


class Voyage(
    ProcessManager,
    name="tests.voyage",
    moves={
        "planned": {"sailing"},
        "sailing": {"arrived", "aground"},
        "aground": {"sailing"},
        "arrived": set(),
    },
    stuck_after=10 * MINUTE,
    by_hand=[ByHand("Tow it", Tow, ("aground",))],
):
    ship: str
    places: tuple[str, ...] = ()

    def subject(self) -> str:
        return self.ship

    @begins_with(VoyagePlanned)
    @classmethod
    def planned(cls, event: VoyagePlanned) -> Self:
        return cls(status="planned", ship=event.ship)

    @moves_on(ShipReported)
    def reported(self, event: ShipReported) -> Self:
        status = {"planned": "sailing", "rocks": "aground", "harbour": "arrived"}
        return self.to(status.get(event.place, "sailing"), places=(*self.places, event.place))

    @if_still("planned", after=timedelta(hours=1))
    def forgotten(self) -> Self:
        return self.to("sailing")

    def next_commands(self):
        if self.status == "planned":
            yield CastOff(ship=self.ship)


handles(CastOff)(lambda command, work: None)


@handles(Tow)
def tow(command: Tow, work: Work) -> None:
    moving.move_process(Voyage, command.process_id, lambda voyage: voyage.to("sailing"), name="tests.tow")


_FOLLOWER = FOLLOWERS.get("tests.voyage")
FOLLOWERS.remove("tests.voyage")
moves.PROCESSES.remove("tests.voyage")  # known only to those who ask


@contextmanager
def voyages() -> Iterator[None]:
    """Inside the block there is such a process."""
    FOLLOWERS.add("tests.voyage", _FOLLOWER)
    moves.PROCESSES.add("tests.voyage", Voyage)
    moves.keep()
    try:
        yield
    finally:
        FOLLOWERS.remove("tests.voyage")
        moves.PROCESSES.remove("tests.voyage")
        Move.objects.filter(process="tests.voyage").delete()


def a_voyage(*way: str, ship: str = "", at: datetime | None = None, **columns: Any) -> Process:
    """An instance that has gone this way from "planned"; it came into each state a minute after the one before."""
    at = at or clock.now()
    way = ("planned", *way)
    begun = at - MINUTE * (len(way) - 1)
    identifier = uuid7_at(begun)
    ship = ship or f"ship-{identifier}"
    process = Process.objects.create(
        id=identifier, type="tests.voyage", subject=ship, status="planned", is_live=True, created_at=begun,
        moved_at=begun, **{"state": {}, **columns},
    )  # fmt: skip
    for number, status in enumerate(way, start=1):
        moved_at = begun + MINUTE * (number - 1)
        state = {"status": status, "ship": ship, "places": list(way[1:number])}
        a_step(process, number, way[number - 2] if number > 1 else "", status, state, at=moved_at)
        process.status, process.state, process.version = status, state, number
        process.is_live, process.moved_at = status != "arrived", moved_at
        process.save()
    return process


def a_step(
    process: Process, number: int, source: str, target: str, state: dict[str, Any], *, at: datetime, **columns: Any
) -> ProcessStep:
    cause = {"cause_kind": "event", "cause_id": uuid7(), "cause_name": "tests.ship_reported"}
    return ProcessStep.objects.create(
        process_id=process.pk, number=number, source=source, target=target, state=state, taken_at=at,
        **{**cause, **columns},
    )  # fmt: skip
