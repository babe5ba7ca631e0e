"""Instances of process managers, and every step that they took."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Move(models.Model):
    """A move that a process may make, as its code declares it; the database refuses any other.

    `source` is empty for the states in which an instance may begin. Kept equal to the code by `migrate`.
    """

    process = models.CharField(max_length=200)
    source = models.CharField(max_length=60, blank=True)
    target = models.CharField(max_length=60)

    class Meta:
        db_table = "ops_streams_move"
        constraints = [models.UniqueConstraint(name="ops_streams_move_once", fields=["process", "source", "target"])]

    def __str__(self) -> str:
        return f"{self.process}: {self.source or 'begin'} → {self.target}"


class Process(models.Model):
    """One instance. Its `id` is the correlation id of every command and event that belongs to it."""

    id = models.UUIDField(primary_key=True, editable=False)
    type = models.CharField(max_length=200)
    subject = models.CharField(max_length=200, help_text="What it is about: one live instance a subject.")
    status = models.CharField(max_length=60)
    is_live = models.BooleanField(help_text="A state that it can still leave.")
    state = models.JSONField()
    version = models.IntegerField(db_default=1, help_text="The steps that it has taken.")
    tenant = models.CharField(max_length=100, blank=True, db_default="")
    deadline_at = models.DateTimeField(null=True, help_text="When something happens although nothing has happened.")
    moved_at = models.DateTimeField(help_text="When it came into its state.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "ops_streams_process"
        permissions = [("move_process", "Can send processes the commands by which operators move them")]
        constraints = [
            models.UniqueConstraint(
                name="ops_streams_process_live", fields=["type", "subject"], condition=Q(is_live=True)
            ),
        ]
        indexes = [
            models.Index("type", "id", name="ops_streams_process_type"),
            models.Index("status", "id", name="ops_streams_process_status"),
            models.Index("id", name="ops_streams_process_open", condition=Q(is_live=True)),
            models.Index("type", "moved_at", name="ops_streams_process_waiting", condition=Q(is_live=True)),
            models.Index(
                "type", "deadline_at", name="ops_streams_process_deadline", condition=Q(deadline_at__isnull=False)
            ),
            models.Index("subject", "id", name="ops_streams_process_subject"),
            models.Index("tenant", "id", name="ops_streams_process_tenant", condition=~Q(tenant="")),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"


class ProcessStep(models.Model):
    """What made an instance move, and the state that it left behind; a refused step changed nothing."""

    process_id = models.UUIDField()
    number = models.IntegerField(help_text="The version of the instance after it; of a refused step, the one before.")
    source = models.CharField(max_length=60, blank=True, help_text="Empty for the first.")
    target = models.CharField(max_length=60)
    state = models.JSONField()
    cause_kind = models.CharField(max_length=16, help_text="event, command, or process for a deadline that passed.")
    cause_id = models.UUIDField()
    cause_name = models.CharField(max_length=200, help_text="The type of the event or command.")
    refusal = models.TextField(blank=True, db_default="", help_text="Why nothing came of it.")
    taken_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "ops_streams_processstep"
        constraints = [
            models.UniqueConstraint(
                name="ops_streams_processstep_once", fields=["process_id", "number"], condition=Q(refusal="")
            ),
        ]
        indexes = [models.Index("process_id", "id", name="ops_streams_step_process")]

    def __str__(self) -> str:
        return f"{self.process_id} {self.number}: {self.target}"
