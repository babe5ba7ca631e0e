"""How jobs that ship are done."""

from django.conf import settings
from django.core.mail import EmailMessage

from opsconsole.api.jobs.mail import SendEmail
from opsconsole.engine import Work, handles


@handles(SendEmail, atomic=False, threads=4)
def send_email(command: SendEmail, work: Work) -> None:
    """Sent again, it is the same message: its Message-ID is made of the job's identity."""
    sender = settings.DEFAULT_FROM_EMAIL
    domain = sender.rpartition("@")[2].rstrip(">") or "localhost"
    message = EmailMessage(
        subject=command.subject,
        body=command.body,
        from_email=sender,
        to=[command.to],
        headers={"Message-ID": f"<{work.idempotency_key}@{domain}>"},
    )
    message.send()
    work.log(f"handed to the mail server for {command.to}")
