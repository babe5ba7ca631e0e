"""What the services and the process between them are asked to do.

What people ask for has a permission each, and what the process asks for comes when it is due: nobody sends these by
their names.
"""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field

from opsconsole.engine import Command, Exponential

Amount = Annotated[Decimal, Field(gt=0, max_digits=12, decimal_places=2)]
Customer = Annotated[str, Field(min_length=1, max_length=80)]

# Reports hear of a document a moment after it was issued: whoever is quicker comes again.
ONCE_REPORTED = Exponential(first=0.5, times=6)


class IssueDocument(Command, name="billing.issue_document"):
    """To billing. The same document again changes nothing."""

    document_id: UUID
    customer: Customer
    amount: Amount


class VoidDocument(Command, name="billing.void_document", internal=True):
    """To billing, from a person: have it voided, if the reports agree."""

    document_id: UUID


class CompleteDocumentVoiding(Command, name="billing.complete_document_voiding", internal=True):
    """To billing: the reports have agreed."""

    document_id: UUID


class AbortDocumentVoiding(Command, name="billing.abort_document_voiding", internal=True):
    """To billing: the reports have not agreed."""

    document_id: UUID


class MarkDocumentAsVoided(Command, name="reports.mark_document_as_voided", retry=ONCE_REPORTED, internal=True):
    """To reports: strike the document off, unless its report is closed or published."""

    document_id: UUID


class PublishReport(Command, name="reports.publish_report", internal=True):
    """To reports, from a person: close the report, and publish it as soon as none of its documents is being voided."""

    report_id: UUID


class AcknowledgeProcessFailure(Command, name="billing.acknowledge_process_failure", internal=True):
    """To a process, from a person: its failure has been seen."""

    process_id: UUID


class AskAgain(Command, name="billing.ask_again", internal=True):
    """To a process, from a person: send what is due in its present state once more, for the answer was lost."""

    process_id: UUID
