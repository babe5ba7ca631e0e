"""Grants that were made. A projection of the log: only its projector writes here."""

from django.db import models

from opsconsole.examples.lending.models.identified import money


class Grant(models.Model):
    """`stream` is its own stream, with the one event in it."""

    id = models.UUIDField(primary_key=True)
    author = models.CharField(max_length=150)
    total = money(default=0)
    sources = models.TextField(help_text="What each gave.")
    destinations = models.TextField(help_text="What each account got.")
    granted_at = models.DateTimeField()
    event_id = models.UUIDField()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["granted_at"], name="lending_grant_granted_at")]

    def __str__(self) -> str:
        return str(self.id)
