"""Commands for a moment, and states that are come into anew."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Self

import pytest
from django.db import transaction

from opsconsole.engine import Command, Event, emit, handles, sequencing
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.streams import Later, duties, moves
from opsconsole.streams.following import follow_to_the_end
from opsconsole.streams.models import Process, ProcessStep
from opsconsole.streams.processes import ProcessManager, begins_with, moves_on
from opsconsole.streams.testing import given
from tests.streams.readers import declared

NOON = datetime(2031, 3, 1, 12, tzinfo=UTC)


class Appointed(Event, name="tests.appointed"):
    who: str
    at: datetime


class Met(Event, name="tests.met"):
    who: str


class Meet(Command, name="tests.meet"):
    who: str


class Remind(Command, name="tests.remind"):
    who: str


handles(Meet)(lambda command, work: None)
handles(Remind)(lambda command, work: None)


@pytest.fixture
def appointment() -> Iterator[type[ProcessManager]]:
    with declared("tests.appointment"):

        class Appointment(
            ProcessManager, name="tests.appointment", moves={"made": {"made", "met"}, "met": set()}, begins_in=["made"]
        ):
            who: str
            at: datetime
            visits: int = 0

            def subject(self) -> str:
                return self.who

            @begins_with(Appointed)
            @classmethod
            def appointed(cls, event: Appointed) -> Self:
                return cls(status="made", who=event.who, at=event.at)

            @moves_on(Met, subject=lambda event: event.who)
            def met(self, event: Met) -> Self:
                return self.to("made", at=self.at + timedelta(days=1)) if self.at == NOON else self.to("met")

            def next_commands(self):
                if self.status == "made":
                    yield Remind(who=self.who)
                    yield Later(Meet(who=self.who), at=self.at)

        moves.keep()
        duties.begin()
        yield Appointment


def happened(*events: Event) -> None:
    for event in events:
        with transaction.atomic():
            emit(event)
        sequencing.catch_up()
        follow_to_the_end()


def test_a_command_for_later_waits_for_its_moment_and_others_do_not(appointment):
    happened(Appointed(who="ana", at=NOON))

    meet = StoredCommand.objects.get(type="tests.meet")
    assert (meet.not_before, meet.status, meet.payload) == (NOON, "pending", {"who": "ana"})
    assert meet.correlation_id == Process.objects.get().pk
    assert StoredCommand.objects.get(type="tests.remind").not_before < NOON


def test_a_state_that_may_follow_itself_is_come_into_anew(appointment):
    happened(Appointed(who="ana", at=NOON), Met(who="ana"))

    assert [command.not_before for command in StoredCommand.objects.filter(type="tests.meet").order_by("id")] == [
        NOON,
        NOON + timedelta(days=1),
    ]
    assert list(ProcessStep.objects.order_by("id").values_list("source", "target")) == [("", "made"), ("made", "made")]


def test_the_test_kit_tells_both(appointment):
    first = given(appointment).when(Appointed(who="ana", at=NOON))
    first.then(Remind(who="ana"), Later(Meet(who="ana"), at=NOON))
    first.when(Met(who="ana")).then(Remind(who="ana"), Later(Meet(who="ana"), at=NOON + timedelta(days=1)))
    first.when(Met(who="ana")).then().then_status("met")


def test_a_moment_needs_a_time_zone():
    with pytest.raises(ValueError, match="needs a time zone"):
        Later(Meet(who="ana"), at=NOON.replace(tzinfo=None))
