"""Whom the mail server refuses: by the knob, and the same answer for the same recipient."""

from hashlib import sha256

from opsconsole.examples.academics.models import MailRefusal
from opsconsole.kernel import clock

NOWHERE = "nowhere.example"  # nobody there has a mailbox, whatever the knob says
PERMANENT = "550 5.1.1 No such mailbox"
REPLIES = {
    MailRefusal.Reply.TEMPORARY: "451 4.3.2 Try again later",
    MailRefusal.Reply.PERMANENT: PERMANENT,
}


def reply_to(recipient: str) -> str | None:
    """The refusal that the server answers for a recipient now, or None when it takes the mail."""
    if recipient.endswith(f"@{NOWHERE}"):
        return PERMANENT
    knob = MailRefusal.objects.filter(pk=1).first()
    if knob is None or not is_refused(recipient, knob.share, _window(knob.window)):
        return None
    return REPLIES[MailRefusal.Reply(knob.reply)]


def is_refused(recipient: str, share: int, window: int) -> bool:
    """Whether a recipient is among the refused `share` percent in that window of time."""
    digest = sha256(f"{recipient.lower()}:{window}".encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:4]) % 10_000 < share * 100


def _window(length: int) -> int:
    return int(clock.now().timestamp()) // length if length else 0
