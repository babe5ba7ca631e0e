"""The processes that run the engine, and which of them leads."""

from django.db import models
from django.db.models.functions import Now


class Runner(models.Model):
    """A worker or dispatcher process; alive while `seen_at` is fresh."""

    name = models.CharField(primary_key=True, max_length=200)
    kind = models.CharField(max_length=12)
    host = models.CharField(max_length=200)
    pid = models.IntegerField()
    started_at = models.DateTimeField(db_default=Now())
    seen_at = models.DateTimeField(db_default=Now())
    busy_with = models.CharField(max_length=60, blank=True, db_default="", help_text="The queue it drains now.")

    class Meta:
        db_table = "ops_engine_runner"
        constraints = [
            models.CheckConstraint(
                name="ops_engine_runner_kind", condition=models.Q(kind__in=("worker", "dispatcher"))
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Leadership(models.Model):
    """Who does what only one should do. It saves effort; safety never depends on it."""

    role = models.CharField(primary_key=True, max_length=40)
    owner = models.CharField(max_length=200)
    until = models.DateTimeField()

    class Meta:
        db_table = "ops_engine_leadership"

    def __str__(self) -> str:
        return f"{self.role}: {self.owner}"
