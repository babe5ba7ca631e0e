"""Finished work, counted once."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class Rollup(models.Model):
    """How many rows of one type ended in one status within one bucket of time, and how long they took.

    Buckets are minutes; minutes older than two days are merged into hours. `histogram` counts durations
    by the bounds in `opsconsole.engine.rollups.BOUNDS`. Rows of span "total" count everything up to the mark,
    in a bucket of their own at the beginning of time, so that totals need not sum up years of hours.
    """

    kind = models.CharField(max_length=8)
    bucket = models.DateTimeField()
    span = models.CharField(max_length=6)
    type = models.CharField(max_length=200)
    tenant = models.CharField(max_length=100, blank=True)
    status = models.CharField(max_length=16)
    count = models.BigIntegerField()
    seconds = models.FloatField(help_text="Sum of durations.")
    histogram = ArrayField(models.BigIntegerField())

    class Meta:
        db_table = "ops_engine_rollup"
        constraints = [
            models.UniqueConstraint(
                "kind", "bucket", "span", "type", "tenant", "status", name="ops_engine_rollup_once"
            ),
            models.CheckConstraint(
                name="ops_engine_rollup_span", condition=models.Q(span__in=("minute", "hour", "total"))
            ),
        ]
        indexes = [models.Index("bucket", name="ops_engine_rollup_minutes", condition=models.Q(span="minute"))]

    def __str__(self) -> str:
        return f"{self.count} {self.type} {self.status} at {self.bucket:%F %H:%M}"


class RollupMark(models.Model):
    """Up to when rows of a kind have been rolled up."""

    kind = models.CharField(primary_key=True, max_length=8)
    until = models.DateTimeField()

    class Meta:
        db_table = "ops_engine_rollupmark"

    def __str__(self) -> str:
        return f"{self.kind}s until {self.until:%F %H:%M}"
