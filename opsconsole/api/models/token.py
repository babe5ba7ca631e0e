"""What programs show to be let in."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Token(models.Model):
    """Acts for a user, within `scopes`. Only a digest of the secret is kept: whoever reads this table cannot call."""

    name = models.CharField(max_length=100, help_text="What it is for.")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", help_text="It may do nothing that they may not."
    )
    tenant = models.CharField(max_length=100, blank=True, db_default="", help_text="Empty: all tenants.")
    scopes = models.JSONField(default=list, blank=True, help_text="The names of the permissions that it may use.")
    per_minute = models.PositiveIntegerField(
        "requests a minute", default=600, validators=[MinValueValidator(1), MaxValueValidator(1_000_000)]
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(max_length=12, editable=False, help_text="How its secret begins.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    created_by = models.CharField(max_length=150, blank=True, db_default="", editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, editable=False)
    revoked_by = models.CharField(max_length=150, blank=True, db_default="", editable=False)

    class Meta:
        db_table = "ops_api_token"
        verbose_name = "API token"
        default_permissions = ("add", "view")
        permissions = [
            ("revoke_token", "Can revoke an API token"),
            ("send_job", "Can send jobs"),
            ("view_job", "Can see jobs"),
            ("emit_event", "Can emit events"),
            ("send_command", "Can send commands"),
        ]
        constraints = [
            models.CheckConstraint(name="ops_api_token_rate", condition=Q(per_minute__range=(1, 1_000_000))),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"


class Use(models.Model):
    """How much of its rate a token has spent, and when it was last used. Not logged: written with every request, and
    no loss when the database has crashed."""

    token = models.OneToOneField(Token, models.CASCADE, primary_key=True, related_name="use", db_constraint=False)
    spent_until = models.DateTimeField()
    used_at = models.DateTimeField()

    class Meta:
        db_table = "ops_api_use"
        default_permissions = ()

    def __str__(self) -> str:
        return f"use of token {self.token_id}"
