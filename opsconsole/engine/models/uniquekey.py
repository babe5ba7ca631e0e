"""Keys that only one command may hold."""

from django.db import models


class UniqueKey(models.Model):
    """Held until its command ends, or until `until` when a window was asked for; holds across partitions."""

    key = models.CharField(primary_key=True, max_length=300)
    command_id = models.UUIDField()
    until = models.DateTimeField(null=True)

    class Meta:
        db_table = "ops_engine_uniquekey"

    def __str__(self) -> str:
        return self.key
