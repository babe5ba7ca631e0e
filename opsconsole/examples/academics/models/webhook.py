"""Who outside wants to hear of events, and what came of telling them."""

from secrets import token_urlsafe

from django.contrib.postgres.fields import ArrayField
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q

from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7


class WebhookSubscription(models.Model):
    """An address that is told of events."""

    institution = models.ForeignKey(
        "academics.Institution", models.CASCADE, null=True, blank=True, related_name="webhooks",
        help_text="Only events of this one; empty for all.",
    )  # fmt: skip
    name = models.CharField(max_length=80, unique=True)
    url = models.CharField(max_length=500, verbose_name="URL", validators=[URLValidator(schemes=["http", "https"])])
    key = models.CharField(
        max_length=128, default=token_urlsafe, help_text="Shared secret with which every call is signed."
    )
    event_types = ArrayField(models.CharField(max_length=200))
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="academics_webhook_event_types",
                condition=Q(event_types__len__gte=1),
                violation_error_message="Choose at least one type of event.",
            ),
            models.CheckConstraint(
                name="academics_webhook_key",
                condition=Q(key__regex=r".{16,}"),
                violation_error_message="A key has at least 16 characters.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class WebhookCall(models.Model):
    """One event to be told to one subscriber."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subscription = models.ForeignKey(WebhookSubscription, models.CASCADE, related_name="calls")
    event_id = models.UUIDField()
    event_type = models.CharField(max_length=200)
    body = models.JSONField(help_text="What is sent, the same at every try.")
    created_at = models.DateTimeField(default=clock.now)
    delivered_at = models.DateTimeField(null=True, help_text="Empty until the subscriber answered with success.")

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint("subscription", "event_id", name="academics_webhookcall_once")]

    def __str__(self) -> str:
        return f"{self.event_type} to {self.subscription}"


class WebhookAttempt(models.Model):
    """One try to tell: answered with a status code, or failed before an answer came."""

    call = models.ForeignKey(WebhookCall, models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    command_id = models.UUIDField(help_text="The engine's command that made this try.")
    status_code = models.PositiveSmallIntegerField(null=True)
    response_body = models.TextField(blank=True, help_text="The first part of the answer.")
    problem = models.TextField(blank=True, help_text="Why no answer came.")
    latency = models.DurationField()
    started_at = models.DateTimeField()

    class Meta:
        ordering = ["call", "number"]
        constraints = [
            models.UniqueConstraint("call", "number", name="academics_webhookattempt_number"),
            models.CheckConstraint(
                name="academics_webhookattempt_result",
                condition=Q(status_code__isnull=False, problem="") | (Q(status_code__isnull=True) & ~Q(problem="")),
            ),
        ]

    def __str__(self) -> str:
        return f"try {self.number}: {self.status_code or self.problem}"
