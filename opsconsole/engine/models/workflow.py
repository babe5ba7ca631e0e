"""Steps in an order, each released when the ones before it succeeded."""

from django.db import models

from opsconsole.engine.models.lineage import Lineage
from opsconsole.engine.states import STEP, WORKFLOW
from opsconsole.kernel.identifiers import uuid7


class Workflow(Lineage):
    """One run of a declared chain or graph."""

    name = models.CharField(max_length=200)
    status = models.CharField(max_length=16, db_default="processing")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ops_engine_workflow"
        permissions = [("resume_workflow", "Can resume a failed workflow")]
        constraints = [
            models.CheckConstraint(name="ops_engine_workflow_status", condition=WORKFLOW.check()),
            Lineage.cause_check("workflow"),
        ]
        indexes = [
            models.Index("status", "id", name="ops_engine_workflow_open", condition=~models.Q(status="success")),
            models.Index("correlation_id", "id", name="ops_engine_workflow_flow"),
            models.Index("tenant", "id", name="ops_engine_workflow_tenant", condition=~models.Q(tenant="")),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.id}"


class Step(models.Model):
    """A step is one command or one batch; `after` holds the names of the steps it waits for."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="steps")
    name = models.CharField(max_length=100)
    number = models.SmallIntegerField()
    after = models.JSONField(default=list)
    target_kind = models.CharField(max_length=8)
    target_id = models.UUIDField()
    status = models.CharField(max_length=16, db_default="awaiting")
    settled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "ops_engine_step"
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint("workflow", "name", name="ops_engine_step_name"),
            models.CheckConstraint(name="ops_engine_step_status", condition=STEP.check()),
            models.CheckConstraint(
                name="ops_engine_step_target", condition=models.Q(target_kind__in=("command", "batch"))
            ),
        ]

    def __str__(self) -> str:
        return self.name
