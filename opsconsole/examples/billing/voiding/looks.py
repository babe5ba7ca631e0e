"""States of a voiding as an icon, a word and a colour of the console."""

from dataclasses import dataclass

from opsconsole.examples.billing.processes import (
    DOCUMENT_VOIDED,
    FAILURE_ACKNOWLEDGED,
    MARKING_FAILED,
    MARKING_SUCCEEDED,
    VOIDING_REQUESTED,
)


@dataclass(frozen=True, slots=True)
class Look:
    """`word` fits into a narrow column; `sentence` says what it means."""

    tone: str
    icon: str
    word: str
    sentence: str


ASKED = Look("pending", "pending", "asked", "asked for a moment ago")
STUCK = Look("pending", "warning", "stuck", "has not got on for over a minute: its page tells where it stands")
LOOKS = {
    VOIDING_REQUESTED: Look("processing", "processing", "requested", "voiding requested: reports are being asked"),
    MARKING_SUCCEEDED: Look("processing", "processing", "marked", "marking succeeded: billing is voiding it"),
    MARKING_FAILED: Look("error", "error", "failed", "marking failed"),
    DOCUMENT_VOIDED: Look("success", "success", "voided", "document voided"),
    FAILURE_ACKNOWLEDGED: Look("awaiting", "info", "acknowledged", "failure acknowledged"),
}
VOIDED = LOOKS[DOCUMENT_VOIDED]
