"""Whom the mail server refuses: by the knob, and the same answer for the same recipient."""

from hashlib import sha256

from opsconsole.examples.academics.models import MailRefusal
from opsconsole.kernel import clock

NOWHERE = "nowhere.example"  # nobody there has a mailbox, whatever the knob says
TRYING = "example.com"  # somebody follows a guide: taken, whatever the knob says
PERMANENT = "550 5.1.1 No such mailbox"
REPLIES = {
    MailRefusal.Reply.TEMPORARY: "451 4.3.2 Try again later",
    MailRefusal.Reply.PERMANENT: PERMANENT,
}


def reply_to(recipient: str) -> str | None:
    """The refusal that the server answers for a recipient now, or None when it takes the mail."""
    if recipient.endswith(f"@{NOWHERE}"):
        return PERMANENT
    if recipient.endswith(f"@{TRYING}"):
        return None
    knob = MailRefusal.objects.filter(pk=1).first()
    if knob is None or not is_refused(recipient, knob.share, _window(recipient, knob.window)):
        return None
    return REPLIES[MailRefusal.Reply(knob.reply)]


def is_refused(recipient: str, share: int, window: int = 0) -> bool:
    """Whether a recipient is among the refused `share` percent in that window of time."""
    return _draw(f"{recipient}:{window}") % 10_000 < share * 100


def _window(recipient: str, length: int) -> int:
    """The number of the recipient's present window; not everybody's begins at the same time."""
    return (int(clock.now().timestamp()) + _draw(recipient)) // length if length else 0


def _draw(text: str) -> int:
    return int.from_bytes(sha256(text.lower().encode("utf-8", "surrogateescape")).digest()[:4])
