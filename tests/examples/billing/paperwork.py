"""Documents, reports and processes as the services and their people make them."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from django.apps import apps
from django.db import connection

from opsconsole.engine import Command, send
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.testing import run_until_idle
from opsconsole.examples.billing.commands import (
    AcknowledgeProcessFailure,
    IssueDocument,
    MarkDocumentAsVoided,
    PublishReport,
    VoidDocument,
)
from opsconsole.examples.billing.models import Document, Report, ReportedDocument
from opsconsole.examples.billing.processes import DocumentVoiding
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7
from opsconsole.streams.models import Process, ProcessStep
from tests.past import HOUR, MINUTE

CUSTOMER = "Cedar Books"


def empty() -> None:
    tables = [model._meta.db_table for model in apps.get_app_config("billing").get_models()]
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")


def do(command: Command) -> StoredCommand:
    """Send it, and let everything happen that follows from it."""
    sent = send(command)
    run_until_idle()
    return StoredCommand.objects.get(pk=sent.id)


def issued(amount: int = 10, customer: str = CUSTOMER) -> Document:
    identifier = uuid7()
    do(IssueDocument(document_id=identifier, customer=customer, amount=Decimal(amount)))
    return Document.objects.get(pk=identifier)


def publish(report: Report) -> StoredCommand:
    return do(PublishReport(report_id=report.pk))


def void(document: Document) -> StoredCommand:
    return do(VoidDocument(document_id=document.pk))


def failed(document: Document | None = None) -> Process:
    """A process that failed, because the report was published."""
    document = document or issued()
    publish(report_of(document))
    void(document)
    return the_process()


def acknowledge(process: Process) -> StoredCommand:
    return do(AcknowledgeProcessFailure(process_id=process.pk))


def report_of(document: Document) -> Report:
    return Report.objects.get(documents=document.pk)


def reported(document: Document) -> ReportedDocument:
    return ReportedDocument.objects.get(pk=document.pk)


def the_process() -> Process:
    """The latest one."""
    return Process.objects.order_by("id").last()


def way(process: Process) -> list[str]:
    """The states that it has been in."""
    steps = ProcessStep.objects.filter(process_id=process.pk, refusal="").order_by("number")
    return list(steps.values_list("target", flat=True))


def types_in(correlation_id: UUID, model: type) -> list[str]:
    """What belongs to a flow, without the names of the services."""
    return [
        name.rpartition(".")[2]
        for name in model.objects.filter(correlation_id=correlation_id).order_by("id").values_list("type", flat=True)
    ]


def long_report(documents: int) -> Report:
    """With so many, one of them issued by billing."""
    report = report_of(issued())
    known = report.documents.update(added_at=clock.now() - 24 * HOUR)
    rows = [
        ReportedDocument(pk=uuid7(), report=report, amount=Decimal(1), added_at=clock.now() - MINUTE * number)
        for number in range(documents - known)
    ]
    ReportedDocument.objects.bulk_create(rows)
    Report.objects.filter(pk=report.pk).update(document_count=documents, total=report.total + len(rows))
    return report


def closed_report() -> tuple[Document, Report]:
    """With a document that is being voided, for which its publication waits."""
    document = issued()
    do(MarkDocumentAsVoided(document_id=document.pk))
    publish(report_of(document))
    return document, report_of(document)


def a_process(status: str, age: timedelta = timedelta(), type_name: str = DocumentVoiding.type_name) -> Process:
    """About a document of its own."""
    subject = uuid7()
    state = {"document_id": str(subject), "status": status, "reason": ""}
    return Process.objects.create(
        pk=uuid7(),
        type=type_name,
        subject=subject,
        status=status,
        is_live=True,
        state=state,
        moved_at=clock.now() - age,
    )
