"""Commands and events that kill their worker stop after their attempts, and blame no other."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from opsconsole.engine import emit, send
from opsconsole.engine.models import Attempt, Claim
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from tests.chaos.site import Site, eventually
from tests.factories import attempts, command, event
from tests.handlers_app.messages import Fatal, Hang, KillWorker, KillWorkerOutside, Record
from tests.handlers_app.models import Entry

ATTEMPTS = 3


@dataclass
class Poisoned:
    """A deadly one of each kind, and those that travelled with it."""

    command: UUID
    neighbours: list[UUID]
    among_many: UUID
    many: list[UUID]
    event: UUID
    events: list[UUID]


def _send_everything() -> Poisoned:
    before = [send(Record()).id for _ in range(5)]
    deadly = send(KillWorker()).id
    after = [send(Record()).id for _ in range(15)]
    many = [send(KillWorkerOutside(milliseconds=100), queue="elsewhere").id for _ in range(2)]
    among = send(KillWorkerOutside(is_deadly=True, milliseconds=50), queue="elsewhere").id
    many += [send(KillWorkerOutside(milliseconds=100), queue="elsewhere").id for _ in range(6)]
    with transaction.atomic():
        emitted = [emit(Fatal(number=number, is_deadly=number == 4)) for number in range(8)]
    return Poisoned(deadly, before + after, among, many, emitted[4], emitted[:4] + emitted[5:])


def _is_over() -> bool:
    open_commands = StoredCommand.objects.exclude(status__in=("success", "error")).exists()
    return not open_commands and not StoredEvent.objects.exclude(status__in=("success", "error")).exists()


def test_what_kills_its_worker_stops_after_its_attempts_and_blames_no_other(site: Site):
    """All three kinds at once, on one site, until nothing is left to do."""
    aftermath = _send_everything()
    site.dispatcher()
    site.worker(3)
    eventually(_is_over, "the end of all work", seconds=120)
    _check_the_command(aftermath)
    _check_the_one_among_many(aftermath)
    _check_the_event(aftermath)
    assert not Claim.objects.exists()
    guilty = {aftermath.command, aftermath.among_many, aftermath.event}
    assert set(Attempt.objects.values_list("subject_id", flat=True)) == guilty


def test_a_handler_that_hangs_costs_its_process_and_stops_no_other(site: Site):
    """There is one process for both: the second command is executed by the one that takes its place."""
    hanging, behind = send(Hang()).id, send(Record()).id
    site.dispatcher()
    worker = site.worker(1)
    eventually(lambda: command(behind).status == "success", "the work behind the one that hangs")
    assert worker.alive
    assert (attempts(hanging)[0].outcome, command(behind).losses) == ("lost", 0)
    assert site.said("a handler hangs") >= 1
    assert site.said("in hang\n") >= 1, "where it hangs"


def _check_the_command(aftermath: Poisoned) -> None:
    stored = command(aftermath.command)
    assert (stored.status, stored.error_class, stored.attempts) == ("error", "WorkerLost", ATTEMPTS)
    assert [(one.outcome, one.is_final) for one in attempts(stored.id)] == [
        ("lost", False),
        ("lost", False),
        ("lost", True),
    ]
    assert not Entry.objects.filter(command_id=stored.id).exists(), "its effects went with its worker"
    for neighbour in map(command, aftermath.neighbours):
        assert (neighbour.status, neighbour.attempts, neighbour.losses) == ("success", 1, 0)
        assert Entry.objects.filter(command_id=neighbour.id).count() == 1


def _check_the_one_among_many(aftermath: Poisoned) -> None:
    stored = command(aftermath.among_many)
    assert (stored.status, stored.error_class, stored.attempts) == ("error", "WorkerLost", ATTEMPTS)
    for other in map(command, aftermath.many):
        assert (other.status, other.attempts) == ("success", 1), "suspected perhaps, but never charged"


def _check_the_event(aftermath: Poisoned) -> None:
    stored = event(aftermath.event)
    assert (stored.status, stored.error_class) == ("error", "WorkerLost")
    assert {event(one).status for one in aftermath.events} == {"success"}
    sent = StoredCommand.objects.filter(cause_kind="event").values_list("cause_id", flat=True)
    assert sorted(sent) == sorted(aftermath.events), "once each, and nothing of the deadly one"
