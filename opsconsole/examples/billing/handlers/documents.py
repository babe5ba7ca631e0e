"""Billing: documents are issued, and voided once reports have agreed.

Whoever may change what a document is locks its row first, so that a request to void it comes either before its
voiding, in the log as well, or finds it voided.
"""

from uuid import UUID

from opsconsole.engine import Work, handles
from opsconsole.examples.billing.commands import (
    AbortDocumentVoiding,
    CompleteDocumentVoiding,
    IssueDocument,
    VoidDocument,
)
from opsconsole.examples.billing.events import (
    DocumentIssued,
    DocumentVoided,
    DocumentVoidingAborted,
    DocumentVoidingRequested,
)
from opsconsole.examples.billing.models.document import Document
from opsconsole.examples.billing.slowing import slowly
from opsconsole.kernel import clock


class NoSuchDocument(LookupError):
    """No document with this id was issued."""


class IssuedOtherwise(Exception):
    """A document with this id was issued, but not this one."""


@handles(IssueDocument)
def issue_document(command: IssueDocument, work: Work) -> None:
    document, is_new = Document.objects.get_or_create(
        pk=command.document_id, defaults={"customer": command.customer, "amount": command.amount}
    )
    if is_new:
        issued = DocumentIssued(document_id=document.pk, customer=document.customer, amount=document.amount)
        work.emit(issued, source=document)
    elif (document.customer, document.amount) != (command.customer, command.amount):
        raise IssuedOtherwise(f"document {document.pk} was issued to {document.customer} over {document.amount}")


@handles(VoidDocument)
def void_document(command: VoidDocument, work: Work) -> None:
    document = _locked(command.document_id)
    if document.voided_at is None:
        work.emit(DocumentVoidingRequested(document_id=document.pk), source=document)


@handles(CompleteDocumentVoiding)
@slowly
def complete_document_voiding(command: CompleteDocumentVoiding, work: Work) -> None:
    """Answers also when there is nothing left to do: somebody waits for the answer."""
    document = _locked(command.document_id)
    if document.voided_at is None:
        document.voided_at = clock.now()
        document.save(update_fields=["voided_at"])
    work.emit(DocumentVoided(document_id=document.pk), source=document)


@handles(AbortDocumentVoiding)
@slowly
def abort_document_voiding(command: AbortDocumentVoiding, work: Work) -> None:
    document = _locked(command.document_id)
    work.emit(DocumentVoidingAborted(document_id=document.pk), source=document)


def _locked(document_id: UUID) -> Document:
    document = Document.objects.select_for_update(no_key=True).filter(pk=document_id).first()
    if document is None:
        raise NoSuchDocument(f"there is no document {document_id}")
    return document
