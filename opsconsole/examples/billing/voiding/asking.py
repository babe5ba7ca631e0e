"""What people ask for on the page: a command, sent once however often a button is pressed, seen until it has run."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from opsconsole.engine import Command, Sent, send
from opsconsole.engine.models import UniqueKey
from opsconsole.examples.billing.commands import AcknowledgeProcessFailure, PublishReport, VoidDocument
from opsconsole.examples.billing.models import Document, Report
from opsconsole.examples.billing.processes import MARKING_FAILED, DocumentVoiding
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import moment_of
from opsconsole.kernel.tracing import acting_for, current
from opsconsole.streams.models import Process

Subject = tuple[type[Command], UUID]

BY_HAND = "by_hand:{}"  # the key under which the console's own page of a process sends the same command
A_WHILE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Wish:
    """Something that can be asked for about a row: `obstacle` says why it cannot come true, `words` that it was."""

    rows: Callable[[], QuerySet[Any]]
    ask: Callable[[UUID], Sent]
    obstacle: Callable[[Any], str]
    words: str


def ask_to_void(document_id: UUID) -> Sent:
    return send(VoidDocument(document_id=document_id), unique=str(document_id))


def ask_to_publish(report_id: UUID) -> Sent:
    return send(PublishReport(report_id=report_id), unique=str(report_id))


def ask_to_acknowledge(process_id: UUID) -> Sent:
    """In the flow of the process."""
    with acting_for(replace(current(), correlation_id=process_id)):
        return send(AcknowledgeProcessFailure(process_id=process_id), unique=BY_HAND.format(process_id))


WISHES = {
    "void": Wish(
        Document.objects.all,
        ask_to_void,
        lambda document: "It is voided already." if document.voided_at else "",
        "Voiding asked for.",
    ),
    "publish": Wish(
        Report.objects.all,
        ask_to_publish,
        lambda report: "It is published already." if report.is_published else "",
        "Publication asked for; it waits for voidings under way.",
    ),
    "acknowledge": Wish(
        lambda: Process.objects.filter(type=DocumentVoiding.type_name),
        ask_to_acknowledge,
        lambda process: "" if process.status == MARKING_FAILED else f"It is {process.status}: nothing has failed.",
        "Acknowledgement asked for.",
    ),
}


@dataclass(frozen=True, slots=True)
class OnTheirWay:
    """Commands that people have sent and that have not ended, by what they are about."""

    commands: Mapping[Subject, UUID]

    def __contains__(self, subject: Subject) -> bool:
        return subject in self.commands

    @property
    def is_moving(self) -> bool:
        """Whether one was sent a moment ago; what takes longer waits for something else."""
        return any(clock.now() - moment_of(command) < A_WHILE for command in self.commands.values())


def on_their_way(subjects: Iterable[Subject]) -> OnTheirWay:
    """Found by the unique keys that they hold until they end: a look-up each, whatever else is on its way."""
    keys = {_key(kind, pk): (kind, pk) for kind, pk in subjects}
    held = UniqueKey.objects.filter(key__in=keys).values_list("key", "command_id")
    return OnTheirWay({keys[key]: command for key, command in held})


def _key(kind: type[Command], pk: UUID) -> str:
    own = BY_HAND.format(pk) if kind is AcknowledgeProcessFailure else str(pk)
    return f"{kind.__contract__.name}:{own}"
