"""Work that an operator holds back."""

from django.db import models
from django.db.models.functions import Now


class Pause(models.Model):
    """Commands of this type, queue or tenant are not claimed until it is lifted or `until` passes."""

    scope = models.CharField(max_length=8, choices=[("type", "type"), ("queue", "queue"), ("tenant", "tenant")])
    key = models.CharField(max_length=200)
    reason = models.TextField(blank=True)
    paused_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "ops_engine_pause"
        constraints = [
            models.UniqueConstraint("scope", "key", name="ops_engine_pause_once"),
            models.CheckConstraint(
                name="ops_engine_pause_scope", condition=models.Q(scope__in=("type", "queue", "tenant"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.key}"
