"""Keep what arrived, so that it can be looked at."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from uuid import uuid4

from django.db import transaction
from django.db.models import F

from opsconsole.examples.academics.models import SentMail

KEPT = 100_000  # characters of a body


def keep(sender: str, recipients: list[str], content: bytes) -> SentMail:
    """Store a message; one that arrived before (by its Message-ID) only counts once more."""
    message = message_from_bytes(content, policy=policy.default)
    message_id = _clean(message["Message-ID"])[:200] or f"<{uuid4()}@unnamed>"
    with transaction.atomic():
        mail, is_new = SentMail.objects.get_or_create(
            message_id=message_id,
            defaults={
                "sender": _clean(sender)[:254],
                "recipient": _clean(", ".join(recipients))[:254],
                "subject": _clean(message["Subject"])[:1000],
                "body": _text(message)[:KEPT],
            },
        )
        if not is_new:
            SentMail.objects.filter(pk=mail.pk).update(copies=F("copies") + 1)
    return mail


def _text(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    try:
        return _clean(part.get_content())
    except (LookupError, ValueError):  # a charset that nobody knows, or broken coding
        return _clean(part.get_payload())


def _clean(text: object) -> str:
    """As PostgreSQL can store it."""
    return str(text or "").replace("\0", "").encode("utf-8", "replace").decode("utf-8")
