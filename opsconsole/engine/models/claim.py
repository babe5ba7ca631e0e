"""A worker's hold on a chunk of rows."""

from django.db import models
from django.db.models.functions import Now


class Claim(models.Model):
    """One claimed chunk: the worker renews this row, not its hundred commands.

    The claim is dead once `lease_until` has passed; the sweeper then gives its rows back.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    kind = models.CharField(max_length=8)
    queue = models.CharField(max_length=60, blank=True, db_default="")
    worker = models.CharField(max_length=200)
    size = models.SmallIntegerField()
    threads = models.SmallIntegerField(db_default=1, help_text="How many of its rows may be running at once.")
    created_at = models.DateTimeField(db_default=Now())
    lease_until = models.DateTimeField()
    progress = models.JSONField(null=True, help_text="Last progress reported by the running command.")

    class Meta:
        db_table = "ops_engine_claim"
        constraints = [
            models.CheckConstraint(name="ops_engine_claim_kind", condition=models.Q(kind__in=("command", "event"))),
        ]
        indexes = [models.Index("lease_until", name="ops_engine_claim_lease")]

    def __str__(self) -> str:
        return f"{self.size} {self.kind}s held by {self.worker}"
