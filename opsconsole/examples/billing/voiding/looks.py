"""States of a voiding as an icon, a word and a colour of the console."""

from dataclasses import dataclass

from opsconsole.examples.billing.models import ReportedDocument
from opsconsole.examples.billing.processes import (
    DOCUMENT_VOIDED,
    FAILURE_ACKNOWLEDGED,
    MARKING_FAILED,
    MARKING_SUCCEEDED,
    VOIDING_REQUESTED,
    DocumentVoiding,
)
from opsconsole.kernel import clock
from opsconsole.streams.models import Process


@dataclass(frozen=True, slots=True)
class Look:
    """`word` fits into a narrow column; `sentence` says what it means."""

    tone: str
    icon: str
    word: str
    sentence: str


ASKED = Look("pending", "pending", "asked", "asked for a moment ago")
STUCK = Look("pending", "warning", "stuck", "has not got on for over a minute: the page of its process says why")
UNHEARD = Look("pending", "warning", "unheard", "billing has voided it long since, and reports have not heard of it")
AGREED = Look("pending", "warning", "agreed", "reports have agreed, and no process goes on with it: void it again")
LOOKS = {
    VOIDING_REQUESTED: Look("processing", "processing", "requested", "voiding requested: reports are being asked"),
    MARKING_SUCCEEDED: Look("processing", "processing", "marked", "marking succeeded: billing is voiding it"),
    MARKING_FAILED: Look("error", "error", "failed", "marking failed: reports have refused; it waits to be seen"),
    DOCUMENT_VOIDED: Look("success", "success", "voided", "document voided"),
    FAILURE_ACKNOWLEDGED: Look("awaiting", "info", "acknowledged", "failure acknowledged: the document stays as it is"),
}
VOIDED = LOOKS[DOCUMENT_VOIDED]
LEGEND = (ASKED, *LOOKS.values(), STUCK, UNHEARD, AGREED)


def look_of(process: Process) -> Look:
    """What to show of a process; one that waits for a person is not stuck."""
    is_waiting = process.is_live and process.status != MARKING_FAILED
    return STUCK if is_waiting and _is_late(process) else LOOKS[process.status]


def look_at(document: ReportedDocument, process: Process | None) -> Look | None:
    """What to show of a document, with the process that was begun last."""
    if document.state == ReportedDocument.State.VOIDED:
        return VOIDED
    if process is not None and (process.is_live or process.status == DOCUMENT_VOIDED):
        is_unheard = not process.is_live and _is_late(process)
        return UNHEARD if is_unheard else look_of(process)
    if document.state == ReportedDocument.State.VOIDING:
        return AGREED
    return look_of(process) if process else None


def _is_late(process: Process) -> bool:
    return clock.now() - process.moved_at > DocumentVoiding.stuck_after
