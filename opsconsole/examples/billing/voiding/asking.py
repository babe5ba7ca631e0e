"""What people ask for on the page: a command, sent once however often a button is pressed, seen until it has run."""

from dataclasses import replace
from uuid import UUID

from opsconsole.engine import Command, Sent, send
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.states import PENDING, PROCESSING
from opsconsole.examples.billing.commands import AcknowledgeProcessFailure, PublishReport, VoidDocument
from opsconsole.kernel.tracing import acting_for, current

MOST = 500  # commands on their way that the page knows of
SUBJECTS: dict[type[Command], str] = {
    VoidDocument: "document_id",
    PublishReport: "report_id",
    AcknowledgeProcessFailure: "process_id",
}


def ask_to_void(document_id: UUID) -> Sent:
    return send(VoidDocument(document_id=document_id), unique=str(document_id))


def ask_to_publish(report_id: UUID) -> Sent:
    return send(PublishReport(report_id=report_id), unique=str(report_id))


def ask_to_acknowledge(process_id: UUID) -> Sent:
    """In the flow of the process; under the key that the console's own page of the process uses."""
    with acting_for(replace(current(), correlation_id=process_id)):
        return send(AcknowledgeProcessFailure(process_id=process_id), unique=f"by_hand:{process_id}")


def asked() -> dict[type[Command], set[UUID]]:
    """By the kind of command: what people have asked for and has not happened yet."""
    kinds = {kind.__contract__.name: kind for kind in SUBJECTS}
    waiting = StoredCommand.objects.filter(type__in=kinds, status__in=(PENDING, PROCESSING)).order_by("-id")
    found: dict[type[Command], set[UUID]] = {kind: set() for kind in SUBJECTS}
    for name, payload in waiting.values_list("type", "payload")[:MOST]:
        kind = kinds[name]
        found[kind].add(UUID(payload[SUBJECTS[kind]]))
    return found
