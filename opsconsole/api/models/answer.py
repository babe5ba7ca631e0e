"""What was answered to a request with an idempotency key."""

from django.db import models
from django.db.models.functions import Now


class IdempotentAnswer(models.Model):
    """Committed together with what the request did. `place` is its path, `fingerprint` what it sent."""

    id = models.BigAutoField(primary_key=True)
    caller = models.CharField(max_length=60)
    place = models.CharField(max_length=300)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.SmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "ops_api_answer"
        default_permissions = ()
        constraints = [models.UniqueConstraint("caller", "place", "key", name="ops_api_answer_once")]
        indexes = [models.Index("created_at", name="ops_api_answer_age")]

    def __str__(self) -> str:
        return f"{self.place} {self.key}"
