"""What the demonstration's mail server received, and how often it refuses."""

from django.db import models
from django.db.models import Q

from opsconsole.kernel import clock


class SentMail(models.Model):
    """A message that the server took. The same Message-ID twice is one row with two copies."""

    message_id = models.CharField(max_length=200, unique=True)
    sender = models.CharField(max_length=254)
    recipient = models.CharField(max_length=254)
    subject = models.TextField()
    body = models.TextField()
    copies = models.PositiveIntegerField(default=1, help_text="How often it arrived.")
    received_at = models.DateTimeField(default=clock.now)

    class Meta:
        verbose_name_plural = "sent mail"
        ordering = ["-id"]
        indexes = [models.Index("recipient", name="academics_sentmail_recipient")]
        constraints = [models.CheckConstraint(name="academics_sentmail_copies", condition=Q(copies__gte=1))]

    def __str__(self) -> str:
        return self.subject


class MailRefusal(models.Model):
    """The knob: which share of recipients the server refuses, and how. There is one row."""

    class Reply(models.TextChoices):
        TEMPORARY = "temporary", "Temporary (451)"
        PERMANENT = "permanent", "Permanent (550)"

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    share = models.PositiveSmallIntegerField(
        default=0, verbose_name="refused share", help_text="Percent of recipients, 0 to 100."
    )
    reply = models.CharField(max_length=10, choices=Reply, default=Reply.TEMPORARY)
    window = models.PositiveIntegerField(
        default=0,
        help_text="Seconds after which others are refused; 0: always the same ones.",
    )

    class Meta:
        verbose_name = "mail refusal"
        verbose_name_plural = "mail refusal"
        constraints = [
            models.CheckConstraint(name="academics_mailrefusal_single", condition=Q(id=1)),
            models.CheckConstraint(
                name="academics_mailrefusal_share",
                condition=Q(share__lte=100),
                violation_error_message="A share lies between 0 and 100 percent.",
            ),
            models.CheckConstraint(
                name="academics_mailrefusal_reply", condition=Q(reply__in=["temporary", "permanent"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.share} % refused, {self.reply}"
