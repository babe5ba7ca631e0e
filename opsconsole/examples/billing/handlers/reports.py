"""Reports: a document is marked as voided while its report is open, and a report published while nothing is voided.

Both lock the report first, so that one of them finds what the other has done.
"""

from datetime import timedelta
from uuid import UUID

from django.db.models import Count, Sum

from opsconsole.engine import Snooze, Work, handles
from opsconsole.examples.billing.commands import MarkDocumentAsVoided, PublishReport
from opsconsole.examples.billing.events import (
    MarkingDocumentAsVoidedFailed,
    MarkingDocumentAsVoidedSucceeded,
    ReportPublished,
)
from opsconsole.examples.billing.models.report import Report, ReportedDocument
from opsconsole.examples.billing.slowing import slowly
from opsconsole.kernel import clock

State = ReportedDocument.State

UNTIL_VOIDED = timedelta(seconds=1)  # a voiding takes far less, unless something is wrong


class NotReported(LookupError):
    """Reports have not heard of this document, or not yet."""


class NoSuchReport(LookupError):
    """No report has this id."""


@handles(MarkDocumentAsVoided)
@slowly
def mark_document_as_voided(command: MarkDocumentAsVoided, work: Work) -> None:
    """Agrees again to what it has agreed to before."""
    document = ReportedDocument.objects.filter(pk=command.document_id).first()
    if document is None:
        raise NotReported(f"no report has the document {command.document_id}")
    report = _locked(document.report_id)
    if report.is_published:
        when = f"{report.published_at:%Y-%m-%d %H:%M} UTC"
        work.emit(
            MarkingDocumentAsVoidedFailed(
                document_id=document.pk, report_id=report.pk, reason=f"its report was published at {when}"
            ),
            source=document,
        )
        return
    ReportedDocument.objects.filter(pk=document.pk, state=State.REPORTED).update(state=State.VOIDING)
    work.emit(MarkingDocumentAsVoidedSucceeded(document_id=document.pk, report_id=report.pk), source=document)


@handles(PublishReport)
def publish_report(command: PublishReport, work: Work) -> Snooze | None:
    """Waits while one of its documents is being voided: else it would tell of a document that is voided next."""
    report = _locked(command.report_id)
    if report.is_published:
        return None
    if voiding := report.documents.filter(state=State.VOIDING).count():
        return Snooze(UNTIL_VOIDED, f"{voiding} of its documents being voided")
    report.is_published, report.published_at = True, clock.now()
    report.save(update_fields=["is_published", "published_at"])
    told = report.documents.filter(state=State.REPORTED).aggregate(count=Count("pk"), total=Sum("amount", default=0))
    published = ReportPublished(
        report_id=report.pk, customer=report.customer, documents=told["count"], total=told["total"]
    )
    work.emit(published, source=report)
    return None


def _locked(report_id: UUID) -> Report:
    report = Report.objects.select_for_update().filter(pk=report_id).first()
    if report is None:
        raise NoSuchReport(f"there is no report {report_id}")
    return report
