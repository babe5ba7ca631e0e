"""Reports: a document is marked as voided while its report is open, and a report published while nothing is voided.

Both lock the report first, so that one of them finds what the other has done. Publication closes the report before
anything else: from then on reports agree to no further voiding, so what it still waits for can only become less. The
last document that is struck off has it published (`subscriptions.py`).
"""

from uuid import UUID

from opsconsole.engine import Work, handles
from opsconsole.examples.billing.commands import MarkDocumentAsVoided, PublishReport
from opsconsole.examples.billing.events import (
    MarkingDocumentAsVoidedFailed,
    MarkingDocumentAsVoidedSucceeded,
    ReportClosed,
    ReportPublished,
)
from opsconsole.examples.billing.models.report import Report, ReportedDocument
from opsconsole.examples.billing.slowing import slowly
from opsconsole.kernel import clock

State = ReportedDocument.State
MINUTE = "%Y-%m-%d %H:%M"


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
    answer = {"document_id": document.pk, "report_id": report.pk}
    document.refresh_from_db(fields=["state"])  # only whoever holds the report changes it
    if document.state == State.REPORTED:
        if report.closed_at is not None:
            work.emit(MarkingDocumentAsVoidedFailed(**answer, reason=_why_not(report)), source=document)
            return
        document.state = State.VOIDING
        document.save(update_fields=["state"])
    work.emit(MarkingDocumentAsVoidedSucceeded(**answer), source=document)


@handles(PublishReport)
def publish_report(command: PublishReport, work: Work) -> None:
    """At once, unless one of its documents is being voided: it would tell of a document that is voided next."""
    report = _locked(command.report_id)
    if report.is_published:
        return
    if report.closed_at is None:
        _close(report, work)
    if report.documents.filter(state=State.VOIDING).exists():
        work.log("closed: it is published once none of its documents is being voided")
    else:
        _publish(report, work)


def _close(report: Report, work: Work) -> None:
    report.closed_at, report.closed_in = clock.now(), work.correlation_id
    report.save(update_fields=["closed_at", "closed_in"])
    work.emit(ReportClosed(report_id=report.pk, customer=report.customer), source=report)


def _publish(report: Report, work: Work) -> None:
    report.is_published, report.published_at = True, clock.now()
    report.save(update_fields=["is_published", "published_at"])
    published = ReportPublished(
        report_id=report.pk, customer=report.customer, documents=report.document_count, total=report.total
    )
    work.emit(published, source=report)


def _why_not(report: Report) -> str:
    if report.is_published:
        return f"its report was published at {report.published_at:{MINUTE}} UTC"
    return f"its report is about to be published, as somebody asked at {report.closed_at:{MINUTE}} UTC"


def _locked(report_id: UUID) -> Report:
    report = Report.objects.select_for_update().filter(pk=report_id).first()
    if report is None:
        raise NoSuchReport(f"there is no report {report_id}")
    return report
