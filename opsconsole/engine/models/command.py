"""Work that must happen: requested once, executed in one transaction with its effects."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from opsconsole.engine.models.lineage import Lineage
from opsconsole.engine.states import COMMAND, RELEASES


class Command(Lineage):
    """One command. Partitioned by id.

    A member of a batch carries `batch_id`; a next command of a batch has cause "batch" and `release_on`;
    a reprocessing has cause "reprocess" and the root's id. `healed_by` names the reprocessing that
    succeeded where this command had failed. While claimed, `claim_id` fences every write about it and
    `place` is its order within the claimed chunk.
    """

    type = models.CharField(max_length=200)
    schema_version = models.SmallIntegerField(db_default=1)
    payload = models.JSONField()
    queue = models.CharField(max_length=60, db_default="default")
    priority = models.SmallIntegerField(db_default=0, help_text="Lower goes first.")
    not_before = models.DateTimeField(help_text="When it is due.")
    unique_key = models.CharField(max_length=300, null=True)

    batch_id = models.UUIDField(null=True)
    step_id = models.UUIDField(null=True, help_text="The workflow step that this command is.")
    release_on = models.CharField(max_length=10, null=True)
    healed_by = models.UUIDField(null=True)

    status = models.CharField(max_length=16, db_default="pending")
    attempts = models.IntegerField(db_default=0, help_text="Tries that ended: failures, and the success.")
    max_attempts = models.SmallIntegerField(db_default=1)
    losses = models.IntegerField(db_default=0, help_text="Lost claims in which it may have been running.")
    claim_id = models.UUIDField(null=True)
    place = models.SmallIntegerField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    duration = models.DurationField(null=True, help_text="Time its handler took, last try.")
    error_class = models.CharField(max_length=200, blank=True, db_default="")
    error = models.TextField(blank=True, db_default="")
    log = models.JSONField(null=True, help_text="What the handler noted in the try that succeeded.")

    class Meta:
        db_table = "ops_engine_command"
        permissions = [
            ("retry_command", "Can run a waiting command now"),
            ("reprocess_command", "Can reprocess a failed command"),
            ("cancel_command", "Can cancel a command that has not started"),
        ]
        constraints = [
            models.CheckConstraint(name="ops_engine_command_status", condition=COMMAND.check()),
            Lineage.cause_check("command"),
            models.CheckConstraint(
                name="ops_engine_command_release",
                condition=Q(release_on__isnull=True) | Q(release_on__in=RELEASES, cause_kind="batch"),
            ),
            models.CheckConstraint(
                name="ops_engine_command_claimed",
                condition=Q(status="processing", claim_id__isnull=False)
                | (~Q(status="processing") & Q(claim_id__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(
                "queue",
                "priority",
                "not_before",
                "id",
                name="ops_engine_command_due",
                condition=Q(status="pending"),
            ),
            models.Index("claim_id", "place", name="ops_engine_command_claim", condition=Q(claim_id__isnull=False)),
            models.Index("correlation_id", "id", name="ops_engine_command_flow"),
            models.Index("cause_id", "id", name="ops_engine_command_cause", condition=Q(cause_id__isnull=False)),
            models.Index("batch_id", "id", name="ops_engine_command_batch", condition=Q(batch_id__isnull=False)),
            models.Index(
                "batch_id",
                "status",
                name="ops_engine_command_unmet",
                condition=Q(batch_id__isnull=False) & ~Q(status="success"),
            ),
            models.Index("step_id", name="ops_engine_command_step", condition=Q(step_id__isnull=False)),
            models.Index("type", "id", name="ops_engine_command_type"),
            models.Index("tenant", "id", name="ops_engine_command_tenant", condition=~Q(tenant="")),
            models.Index(
                "status",
                "id",
                name="ops_engine_command_open",
                condition=Q(status__in=("awaiting", "pending", "error", "cancelled")),
            ),
            BrinIndex("finished_at", name="ops_engine_command_finished", pages_per_range=32, autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"
