"""One run of a schedule."""

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from opsconsole.kernel.identifiers import uuid7
from opsconsole.schedules.models.schedule import Schedule
from opsconsole.schedules.states import FAILED, PENDING, RUN


class Run(models.Model):
    """One slot of a schedule, or one run that an operator asked for, carried out by a command.

    `slot` is unique in its schedule: a date for daily rules and cycles, an instant for cron. `command_id`
    is the command with the schedule's name; `returned_id` the one that its function returned.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    schedule = models.ForeignKey(Schedule, models.CASCADE, related_name="runs", db_index=False)
    slot = models.CharField(max_length=40)
    at = models.DateTimeField(help_text="When it was due.")
    on = models.DateField(help_text="The date that it is for, in the schedule's zone.")
    is_manual = models.BooleanField(db_default=False)
    asked_by = models.CharField(max_length=150, blank=True, db_default="")
    left_out = models.IntegerField(db_default=0, help_text="Slots before it that were missed and got no run.")
    status = models.CharField(max_length=12, db_default=PENDING)
    command_id = models.UUIDField()
    returned_id = models.UUIDField(null=True)
    fired_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True, db_default="", help_text="Who gave it up, and why.")

    class Meta:
        db_table = "ops_schedules_run"
        default_permissions = ()
        constraints = [
            models.UniqueConstraint("schedule", "slot", name="ops_schedules_run_once"),
            models.UniqueConstraint(fields=["schedule"], condition=Q(status=PENDING), name="ops_schedules_run_alone"),
            models.CheckConstraint(name="ops_schedules_run_status", condition=RUN.check()),
        ]
        indexes = [
            models.Index("schedule", "id", name="ops_schedules_run_history"),
            models.Index("id", name="ops_schedules_run_failed", condition=Q(status__in=FAILED)),
        ]

    def __str__(self) -> str:
        return f"{self.schedule_id} {self.slot}"

    def lateness(self, schedule: Schedule) -> timedelta:
        """How long after its time it was sent on its way. A new cycle could not run before it was first seen."""
        return max(self.fired_at - max(self.at, schedule.created_at), timedelta(0))
