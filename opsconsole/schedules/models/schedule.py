"""Where a schedule stands."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Schedule(models.Model):
    """One schedule, from when a dispatcher first saw its declaration. It stays when no code answers to it any more.

    Every slot up to `seen_until` has been dealt with: it has a run, or was missed and left out.
    """

    name = models.CharField(primary_key=True, max_length=200)
    kind = models.CharField(max_length=8)
    rule = models.TextField(blank=True, help_text="As the declaration last said it.")
    zone = models.CharField(max_length=60)
    missed = models.CharField(max_length=8)
    created_at = models.DateTimeField(db_default=Now())
    seen_until = models.DateTimeField()
    next_at = models.DateTimeField(null=True, help_text="When to look again; never, when its rule has no more slots.")
    left_out = models.IntegerField(db_default=0, help_text="Slots missed since the last run that got none.")
    looked_at = models.DateTimeField(null=True, help_text="When a look last found nothing left to do.")
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = models.CharField(max_length=150, blank=True, db_default="")
    pause_reason = models.TextField(blank=True, db_default="")

    class Meta:
        db_table = "ops_schedules_schedule"
        default_permissions = ("view",)
        permissions = [
            ("pause_schedule", "Can pause a schedule"),
            ("resume_schedule", "Can resume a paused schedule"),
            ("run_schedule", "Can run a schedule now"),
            ("skip_run", "Can give up a failed run, so that later ones go on"),
        ]
        constraints = [
            models.CheckConstraint(
                name="ops_schedules_schedule_kind", condition=Q(kind__in=("cron", "daily", "cycle"))
            ),
            models.CheckConstraint(
                name="ops_schedules_schedule_missed", condition=Q(missed__in=("backfill", "newest", "skip"))
            ),
            models.CheckConstraint(
                name="ops_schedules_schedule_paused",
                condition=Q(paused_at__isnull=True, pause_reason="")
                | (Q(paused_at__isnull=False) & ~Q(pause_reason="")),
            ),
        ]

    def __str__(self) -> str:
        return self.name
