"""Many commands with one end."""

from django.db import models

from opsconsole.engine.models.lineage import Lineage
from opsconsole.engine.states import BATCH


class Batch(Lineage):
    """A set of commands, fixed when it is made. The counts are written when it settles, never per member."""

    name = models.CharField(max_length=200)
    size = models.IntegerField()
    step_id = models.UUIDField(null=True)
    status = models.CharField(max_length=16, db_default="pending")
    started_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    success_count = models.IntegerField(db_default=0)
    error_count = models.IntegerField(db_default=0)
    cancelled_count = models.IntegerField(db_default=0)

    class Meta:
        db_table = "ops_engine_batch"
        verbose_name_plural = "batches"
        permissions = [
            ("reprocess_batch", "Can reprocess the failed commands of a batch"),
            ("cancel_batch", "Can cancel the waiting commands of a batch"),
        ]
        constraints = [
            models.CheckConstraint(name="ops_engine_batch_status", condition=BATCH.check()),
            models.CheckConstraint(name="ops_engine_batch_size", condition=models.Q(size__gte=0)),
            Lineage.cause_check("batch"),
        ]
        indexes = [
            models.Index("status", "id", name="ops_engine_batch_open", condition=~models.Q(status="success")),
            models.Index("correlation_id", "id", name="ops_engine_batch_flow"),
            models.Index("cause_id", name="ops_engine_batch_cause", condition=models.Q(cause_id__isnull=False)),
            models.Index("name", "id", name="ops_engine_batch_name"),
            models.Index("tenant", "id", name="ops_engine_batch_tenant", condition=~models.Q(tenant="")),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.id}"
