"""One letter to one person, over SMTP."""

from dataclasses import dataclass
from smtplib import SMTPRecipientsRefused, SMTPResponseException

from django.core.mail import EmailMessage

from opsconsole.examples.academics.refusals import MailRefused, PermanentRefusal, TemporaryRefusal


@dataclass(frozen=True, slots=True)
class Letter:
    """`domain` is the sender's."""

    to: str
    subject: str
    body: str
    domain: str

    @property
    def sender(self) -> str:
        return f"secretaria@{self.domain}"


def deliver(letter: Letter, *, key: str) -> None:
    """Hand the letter to the mail server; the same `key` is the same message, however often it is sent.

    Raises TemporaryRefusal or PermanentRefusal when the server refuses, OSError when it can't be reached.
    """
    message = EmailMessage(
        subject=" ".join(letter.subject.split()),
        body=letter.body,
        from_email=letter.sender,
        to=[letter.to],
        headers={"Message-ID": f"<{key}@{letter.domain}>"},
    )
    try:
        message.send()
    except SMTPRecipientsRefused as refused:
        code, reply = refused.recipients[letter.to]
        raise refusal(code, reply) from refused
    except SMTPResponseException as refused:
        raise refusal(refused.smtp_code, refused.smtp_error) from refused


def refusal(code: int, reply: bytes | str) -> MailRefused:
    """The refusal that a reply code stands for."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return PermanentRefusal(code, text) if code >= 500 else TemporaryRefusal(code, text)
