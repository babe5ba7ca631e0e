"""Reports hear what billing has done, in the order in which it was done."""

from dataclasses import replace

from opsconsole.engine import send
from opsconsole.examples.billing.commands import PublishReport
from opsconsole.examples.billing.events import DocumentIssued, DocumentVoided
from opsconsole.examples.billing.models.report import Report, ReportedDocument
from opsconsole.kernel.identifiers import uuid7
from opsconsole.kernel.tracing import acting_for, current
from opsconsole.streams import Following, subscribes

State = ReportedDocument.State


@subscribes("reports.documents", to=[DocumentIssued, DocumentVoided])
def keep_reports(event: DocumentIssued | DocumentVoided, following: Following) -> None:
    if isinstance(event, DocumentIssued):
        _take_in(event, following)
    else:
        _strike_off(event)


def _take_in(event: DocumentIssued, following: Following) -> None:
    report = _open_report(event.customer)
    report.take_in(event.amount)
    added_at = following.recorded.occurred_at
    ReportedDocument.objects.create(pk=event.document_id, report=report, amount=event.amount, added_at=added_at)


def _open_report(customer: str) -> Report:
    """Locked: it stays open until the document is in it. Only this subscription opens reports."""
    report = Report.objects.select_for_update().filter(customer=customer, closed_at=None).first()
    return report or Report.objects.create(pk=uuid7(), customer=customer)


def _strike_off(event: DocumentVoided) -> None:
    """The report is locked before its document, as everywhere. If it waited for this document alone, it is published
    now, in the flow of whoever asked for that."""
    document = ReportedDocument.objects.get(pk=event.document_id)
    report = Report.objects.select_for_update().get(pk=document.report_id)
    if not ReportedDocument.objects.filter(pk=document.pk).exclude(state=State.VOIDED).update(state=State.VOIDED):
        return  # billing was asked again
    report.strike_off(document.amount)
    is_waiting = report.closed_at is not None and not report.is_published
    if is_waiting and not report.documents.filter(state=State.VOIDING).exists():
        with acting_for(replace(current(), correlation_id=report.closed_in)):
            send(PublishReport(report_id=report.pk))
