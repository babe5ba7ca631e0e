"""A try that did not succeed; nothing erases it."""

from django.db import models

from opsconsole.kernel.identifiers import uuid7

OUTCOMES = ("error", "lost", "retry", "snoozed", "cancelled", "discarded")


class Attempt(models.Model):
    """One failed, lost or put-off try of a command, or of the reactions of an event. Partitioned by id."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject_kind = models.CharField(max_length=8)
    subject_id = models.UUIDField()
    type = models.CharField(max_length=200)
    tenant = models.CharField(max_length=100, blank=True, db_default="")
    number = models.IntegerField(help_text="1 for the first try.")
    outcome = models.CharField(max_length=12)
    is_final = models.BooleanField(db_default=False, help_text="The subject was given up after this try.")
    worker = models.CharField(max_length=200, blank=True, db_default="")
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField()
    retry_at = models.DateTimeField(null=True)
    error_class = models.CharField(max_length=200, blank=True, db_default="")
    message = models.TextField(blank=True, db_default="")
    traceback = models.TextField(blank=True, db_default="")
    fingerprint = models.CharField(max_length=64, blank=True, db_default="")
    log = models.JSONField(null=True)

    class Meta:
        db_table = "ops_engine_attempt"
        constraints = [
            models.CheckConstraint(
                name="ops_engine_attempt_subject", condition=models.Q(subject_kind__in=("command", "event"))
            ),
            models.CheckConstraint(name="ops_engine_attempt_outcome", condition=models.Q(outcome__in=OUTCOMES)),
        ]
        indexes = [
            models.Index("subject_id", "id", name="ops_engine_attempt_subject_idx"),
            models.Index("type", "id", name="ops_engine_attempt_type"),
            models.Index("fingerprint", "id", name="ops_engine_attempt_fingerprint"),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.subject_id}: {self.outcome}"
