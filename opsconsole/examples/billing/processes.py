"""Voiding a document: billing wants it, reports have to agree.

    voiding_requested ──► marking_succeeded ──► document_voided
            └───────────► marking_failed ─────► failure_acknowledged

The rule: **a document that a published report tells of is never voided.** It holds whatever the interleaving, because

1. billing voids a document only when the process has come to `marking_succeeded`, which it does only by the event
   with which reports agreed. State, place in the log and next command of the process commit together, so no command
   is sent twice or for a state that was never reached;
2. reports agree only while the report is open, and in the transaction that agrees the document becomes `voiding`.
   It stays so until reports hear from billing that the document is voided; then it is `voided`;
3. whoever wants a report published closes it, and it is published only once none of its documents is `voiding`: at
   once, or when the last of them is struck off. So at the moment of publication a document is either voided on both
   sides, and the report does not tell of it, or untouched. Reports have refused since the report was closed, so no
   voiding that is asked for later can hold a publication up.

Agreeing (2), publishing and striking off (3) lock the report's row, so one of two sees what the other has done. The
database refuses on its own account what would break the rule: a published report with a document that is `voiding`, and
any change to a published report or its documents (`models/report.py`). It also allows one live process a document. A
failed one counts as live until a person has acknowledged the failure, so nothing happens twice while nobody has looked.

Nothing here takes a lock in one service and waits for the other. When a step fails for good, the document stays
`voiding` and its report unpublished: the safe side. The process is then marked as stuck; reprocessing its command moves
it on. When the command succeeded and its answer was passed over, an operator asks again.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Self
from uuid import UUID

from opsconsole.engine import Command
from opsconsole.examples.billing.commands import (
    AbortDocumentVoiding,
    AcknowledgeProcessFailure,
    AskAgain,
    CompleteDocumentVoiding,
    MarkDocumentAsVoided,
)
from opsconsole.examples.billing.events import (
    DocumentVoided,
    DocumentVoidingRequested,
    MarkingDocumentAsVoidedFailed,
    MarkingDocumentAsVoidedSucceeded,
)
from opsconsole.streams import ByHand, ProcessManager, begins_with, moves_on

VOIDING_REQUESTED = "voiding_requested"
MARKING_SUCCEEDED = "marking_succeeded"
MARKING_FAILED = "marking_failed"
DOCUMENT_VOIDED = "document_voided"
FAILURE_ACKNOWLEDGED = "failure_acknowledged"

NEXT = {
    VOIDING_REQUESTED: MarkDocumentAsVoided,
    MARKING_SUCCEEDED: CompleteDocumentVoiding,
    MARKING_FAILED: AbortDocumentVoiding,
}


class DocumentVoiding(
    ProcessManager,
    name="billing.document_voiding",
    moves={
        VOIDING_REQUESTED: {MARKING_SUCCEEDED, MARKING_FAILED},
        MARKING_SUCCEEDED: {DOCUMENT_VOIDED},
        MARKING_FAILED: {FAILURE_ACKNOWLEDGED},
        DOCUMENT_VOIDED: set(),
        FAILURE_ACKNOWLEDGED: set(),
    },
    stuck_after=timedelta(minutes=1),
    by_hand=[
        ByHand("Acknowledge", AcknowledgeProcessFailure, (MARKING_FAILED,)),
        ByHand("Ask again", AskAgain, tuple(NEXT), is_remedy=True),
    ],
):
    document_id: UUID
    reason: str = ""

    def subject(self) -> str:
        return str(self.document_id)

    @begins_with(DocumentVoidingRequested)
    @classmethod
    def requested(cls, event: DocumentVoidingRequested) -> Self:
        return cls(status=VOIDING_REQUESTED, document_id=event.document_id)

    @moves_on(MarkingDocumentAsVoidedSucceeded)
    def succeeded(self, event: MarkingDocumentAsVoidedSucceeded) -> Self:
        return self.to(MARKING_SUCCEEDED)

    @moves_on(MarkingDocumentAsVoidedFailed)
    def failed(self, event: MarkingDocumentAsVoidedFailed) -> Self:
        return self.to(MARKING_FAILED, reason=event.reason)

    @moves_on(DocumentVoided)
    def voided(self, event: DocumentVoided) -> Self:
        return self.to(DOCUMENT_VOIDED)

    def next_commands(self) -> Iterator[Command]:
        if command := NEXT.get(self.status):
            yield command(document_id=self.document_id)
