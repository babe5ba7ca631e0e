"""Billing: what becomes of documents."""

from decimal import Decimal

import pytest
from pydantic import ValidationError

from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.testing import assert_emitted, emitted
from opsconsole.examples.billing.commands import CompleteDocumentVoiding, IssueDocument, VoidDocument
from opsconsole.examples.billing.events import DocumentIssued, DocumentVoided, DocumentVoidingRequested
from opsconsole.examples.billing.models import Document
from opsconsole.kernel.identifiers import uuid7
from tests.examples.billing.paperwork import do, issued, void

pytestmark = pytest.mark.usefixtures("paperwork")


def test_an_issued_document_is_announced_with_where_it_came_from() -> None:
    document = issued(amount=42)

    assert (document.amount, document.voided_at) == (Decimal(42), None)
    assert emitted(DocumentIssued) == [
        DocumentIssued(document_id=document.pk, customer=document.customer, amount=Decimal(42))
    ]
    assert StoredEvent.objects.get().source_id == str(document.pk)


def test_issuing_a_document_again_changes_nothing() -> None:
    document = issued(amount=42)
    again = do(IssueDocument(document_id=document.pk, customer=document.customer, amount=Decimal("42.00")))

    assert again.status == "success"
    assert Document.objects.count() == 1
    assert_emitted(DocumentIssued, count=1)


def test_another_document_under_the_same_id_is_an_error_that_names_the_first() -> None:
    document = issued(amount=42, customer="Cedar Books")
    other = do(IssueDocument(document_id=document.pk, customer="Alder Foods", amount=Decimal(42)))

    assert (other.status, other.error_class) == ("error", "IssuedOtherwise")
    assert other.error == f"document {document.pk} was issued to Cedar Books over 42.00"
    assert_emitted(DocumentIssued, count=1)


@pytest.mark.parametrize("amount", ["0", "-1", "1.001"])
def test_an_amount_is_above_nothing_and_in_cents(amount: str) -> None:
    with pytest.raises(ValidationError):
        IssueDocument(document_id=uuid7(), customer="Cedar Books", amount=Decimal(amount))


def test_voiding_a_document_that_there_is_not_is_a_clear_error() -> None:
    nobody = uuid7()
    command = do(VoidDocument(document_id=nobody))

    assert (command.status, command.error_class) == ("error", "NoSuchDocument")
    assert command.error == f"there is no document {nobody}"
    assert not emitted(DocumentVoidingRequested)


def test_voiding_a_voided_document_changes_nothing() -> None:
    document = issued()
    void(document)
    voided_at = Document.objects.get().voided_at
    again = void(document)

    assert again.status == "success"
    assert Document.objects.get().voided_at == voided_at is not None
    assert_emitted(DocumentVoidingRequested, count=1)


def test_completing_a_voiding_again_answers_and_leaves_the_document_as_it_is() -> None:
    document = issued()
    void(document)
    voided_at = Document.objects.get().voided_at
    do(CompleteDocumentVoiding(document_id=document.pk))

    assert Document.objects.get().voided_at == voided_at
    assert_emitted(DocumentVoided, count=2)
