"""Reports hear what billing has done, in the order in which it was done."""

from opsconsole.examples.billing.events import DocumentIssued, DocumentVoided
from opsconsole.examples.billing.models.report import Report, ReportedDocument
from opsconsole.kernel.identifiers import uuid7
from opsconsole.streams import Following, subscribes


@subscribes("reports.documents", to=[DocumentIssued, DocumentVoided])
def keep_reports(event: DocumentIssued | DocumentVoided, following: Following) -> None:
    if isinstance(event, DocumentIssued):
        ReportedDocument.objects.create(
            pk=event.document_id,
            report=_open_report(event.customer),
            amount=event.amount,
            added_at=following.recorded.occurred_at,
        )
    else:
        _strike_off(event)


def _open_report(customer: str) -> Report:
    """Locked: it stays open until the document is in it. Only this subscription opens reports."""
    report = Report.objects.select_for_update().filter(customer=customer, is_published=False).first()
    return report or Report.objects.create(pk=uuid7(), customer=customer)


def _strike_off(event: DocumentVoided) -> None:
    """The report is locked before its document, as everywhere."""
    document = ReportedDocument.objects.get(pk=event.document_id)
    Report.objects.select_for_update().get(pk=document.report_id)
    ReportedDocument.objects.filter(pk=document.pk).update(state=ReportedDocument.State.VOIDED)
