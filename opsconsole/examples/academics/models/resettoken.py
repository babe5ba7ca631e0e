"""One-time tokens with which a person chooses a new password."""

from datetime import datetime, timedelta
from secrets import token_urlsafe

from django.db import models
from django.db.models import F, Q

from opsconsole.examples.academics.models.addressee import Addressee
from opsconsole.kernel import clock

VALID_FOR = timedelta(hours=2)


def expiry() -> datetime:
    return clock.now() + VALID_FOR


class ResetToken(Addressee):
    token = models.CharField(max_length=64, unique=True, default=token_urlsafe, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    expires_at = models.DateTimeField(default=expiry)
    used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta(Addressee.Meta):
        ordering = ["-created_at"]
        constraints = [
            *Addressee.Meta.constraints,
            models.CheckConstraint(
                name="academics_resettoken_span",
                condition=Q(expires_at__gt=F("created_at")),
                violation_error_message="A token expires after it was made.",
            ),
        ]

    def __str__(self) -> str:
        return f"password reset of {self.person}"

    def is_usable(self, at: datetime) -> bool:
        return self.used_at is None and at < self.expires_at
