"""Order: the version of each stream, and the last position given out."""

from django.db import models


class Stream(models.Model):
    """One row a stream; updating it fences concurrent writers of that stream."""

    id = models.CharField(primary_key=True, max_length=200)
    version = models.IntegerField(db_default=0)

    class Meta:
        db_table = "ops_engine_stream"

    def __str__(self) -> str:
        return self.id


class Sequencer(models.Model):
    """A single row: the last position that the log has given out."""

    id = models.SmallIntegerField(primary_key=True)
    position = models.BigIntegerField(db_default=0)

    class Meta:
        db_table = "ops_engine_sequencer"
        constraints = [models.CheckConstraint(name="ops_engine_sequencer_single", condition=models.Q(id=1))]

    def __str__(self) -> str:
        return str(self.position)
