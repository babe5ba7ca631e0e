"""Keys of jobs: one job a key, for ever."""

from django.db import models
from django.db.models.functions import Now


class JobKey(models.Model):
    """The job that was made for a key, and a digest of what it was asked to do."""

    id = models.BigAutoField(primary_key=True)
    tenant = models.CharField(max_length=100, blank=True, db_default="")
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    command_id = models.UUIDField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "ops_api_jobkey"
        default_permissions = ()
        constraints = [models.UniqueConstraint("tenant", "key", name="ops_api_jobkey_once")]

    def __str__(self) -> str:
        return self.key
