"""The columns that tie every row to its flow, its tenant and its cause."""

from django.db import models
from django.db.models.functions import Now

from opsconsole.engine.states import CAUSES
from opsconsole.kernel.identifiers import uuid7


class Lineage(models.Model):
    """Abstract: identity, tenant, flow and cause. No foreign keys: a partition must be able to go at once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    tenant = models.CharField(max_length=100, blank=True, db_default="")
    correlation_id = models.UUIDField(help_text="The whole flow: shared by everything that one cause set off.")
    cause_kind = models.CharField(max_length=16, blank=True, db_default="")
    cause_id = models.UUIDField(null=True, blank=True)
    metadata = models.JSONField(db_default=models.Value({}, output_field=models.JSONField()))
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        abstract = True

    @staticmethod
    def cause_check(label: str) -> models.CheckConstraint:
        return models.CheckConstraint(name=f"ops_engine_{label}_cause", condition=models.Q(cause_kind__in=CAUSES))
