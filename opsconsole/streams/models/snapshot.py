"""What an aggregate was at a version of its stream."""

from django.db import models
from django.db.models.functions import Now


class Snapshot(models.Model):
    """A state as a version of the aggregate's code saw it: another version of it looks for its own."""

    pk = models.CompositePrimaryKey("aggregate", "stream", "schema_version", "version")
    aggregate = models.CharField(max_length=200)
    stream = models.CharField(max_length=200)
    schema_version = models.SmallIntegerField(help_text="Of the aggregate's code.")
    version = models.IntegerField(help_text="Of the stream.")
    state = models.JSONField()
    taken_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "ops_streams_snapshot"

    def __str__(self) -> str:
        return f"{self.aggregate} {self.stream} at version {self.version}"
