"""Something that happened, written in the transaction that made it happen."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from opsconsole.engine.models.lineage import Lineage
from opsconsole.engine.states import EVENT


class Event(Lineage):
    """One event of the log. Partitioned by id; never updated but for its processing columns and position.

    `seq` is drawn at insert and orders nothing by itself; `position` is dense, given after commit, and is
    what ordered readers follow. `created_at` is when it occurred, by the database's clock.
    """

    seq = models.BigIntegerField(db_default=models.Func(models.Value("ops_engine_event_seq"), function="nextval"))
    position = models.BigIntegerField(null=True)
    stream = models.CharField(max_length=200, null=True)
    version = models.IntegerField(null=True)
    type = models.CharField(max_length=200)
    schema_version = models.SmallIntegerField(db_default=1)
    data = models.JSONField()
    source_model = models.CharField(max_length=100, blank=True, db_default="")
    source_id = models.CharField(max_length=100, blank=True, db_default="")

    status = models.CharField(max_length=16, db_default="pending")
    attempts = models.IntegerField(db_default=0)
    claim_id = models.UUIDField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    duration = models.DurationField(null=True, help_text="Time its reactions took.")
    error_class = models.CharField(max_length=200, blank=True, db_default="")
    error = models.TextField(blank=True, db_default="")

    class Meta:
        db_table = "ops_engine_event"
        permissions = [("reprocess_event", "Can run the reactions of a failed event again")]
        constraints = [
            models.CheckConstraint(name="ops_engine_event_status", condition=EVENT.check()),
            Lineage.cause_check("event"),
            models.CheckConstraint(
                name="ops_engine_event_version",
                condition=Q(stream__isnull=True, version__isnull=True) | Q(stream__isnull=False, version__gt=0),
            ),
        ]
        indexes = [
            models.Index("id", name="ops_engine_event_due", condition=Q(status="pending")),
            models.Index("seq", name="ops_engine_event_unseq", condition=Q(position__isnull=True)),
            models.Index("position", name="ops_engine_event_position", condition=Q(position__isnull=False)),
            models.Index("stream", "version", name="ops_engine_event_stream", condition=Q(stream__isnull=False)),
            models.Index("correlation_id", "id", name="ops_engine_event_flow"),
            models.Index("cause_id", name="ops_engine_event_cause", condition=Q(cause_id__isnull=False)),
            models.Index("claim_id", name="ops_engine_event_claim", condition=Q(claim_id__isnull=False)),
            models.Index("type", "id", name="ops_engine_event_type"),
            models.Index("tenant", "id", name="ops_engine_event_tenant", condition=~Q(tenant="")),
            models.Index("status", "id", name="ops_engine_event_open", condition=Q(status__in=("pending", "error"))),
            BrinIndex("finished_at", name="ops_engine_event_finished", pages_per_range=32, autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"
