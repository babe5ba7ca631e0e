"""What happens in billing and in reports."""

from decimal import Decimal
from uuid import UUID

from opsconsole.engine import Event


class DocumentIssued(Event, name="billing.document_issued"):
    document_id: UUID
    customer: str
    amount: Decimal


class DocumentVoidingRequested(Event, name="billing.document_voiding_requested"):
    document_id: UUID


class DocumentVoided(Event, name="billing.document_voided"):
    document_id: UUID


class DocumentVoidingAborted(Event, name="billing.document_voiding_aborted"):
    document_id: UUID


class MarkingDocumentAsVoidedSucceeded(Event, name="reports.marking_document_as_voided_succeeded"):
    document_id: UUID
    report_id: UUID


class MarkingDocumentAsVoidedFailed(Event, name="reports.marking_document_as_voided_failed"):
    document_id: UUID
    report_id: UUID
    reason: str


class ReportClosed(Event, name="reports.report_closed"):
    """Somebody wants it published: no document comes to it any more, and reports agree to no further voiding."""

    report_id: UUID
    customer: str


class ReportPublished(Event, name="reports.report_published"):
    """`documents` is how many it tells of; what was voided before is not among them."""

    report_id: UUID
    customer: str
    documents: int
    total: Decimal
