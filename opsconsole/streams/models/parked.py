"""Events that a subscription has not applied although it went on."""

from django.db import models
from django.db.models.functions import Now


class ParkedEvent(models.Model):
    """An event set aside because it, or an earlier one of its stream, failed. `error` is empty for the later ones."""

    subscription = models.CharField(max_length=200)
    stream = models.CharField(max_length=200, help_text="Of an event without a stream, its identifier.")
    position = models.BigIntegerField()
    event_id = models.UUIDField()
    error_class = models.CharField(max_length=200, blank=True, db_default="")
    error = models.TextField(blank=True, db_default="")
    traceback = models.TextField(blank=True, db_default="")
    parked_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "ops_streams_parkedevent"
        constraints = [
            models.UniqueConstraint(name="ops_streams_parkedevent_once", fields=["subscription", "position"]),
        ]
        indexes = [
            models.Index("subscription", "stream", "position", name="ops_streams_parkedevent_stream"),
        ]

    def __str__(self) -> str:
        return f"{self.subscription} at {self.position}"


class SkippedEvent(models.Model):
    """An event that an operator had a subscription pass over: who, when, and why."""

    subscription = models.CharField(max_length=200)
    position = models.BigIntegerField()
    event_id = models.UUIDField(null=True, help_text="None where the log has a gap.")
    error_class = models.CharField(max_length=200, blank=True, db_default="")
    error = models.TextField(blank=True, db_default="")
    skipped_by = models.CharField(max_length=200)
    skipped_at = models.DateTimeField(db_default=Now())
    reason = models.TextField()

    class Meta:
        db_table = "ops_streams_skippedevent"
        constraints = [
            models.UniqueConstraint(name="ops_streams_skippedevent_once", fields=["subscription", "position"]),
            models.CheckConstraint(name="ops_streams_skippedevent_reason", condition=~models.Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.subscription} at {self.position}"
