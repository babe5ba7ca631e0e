"""What handlers write while they are measured."""

from django.db import models


class Ledger(models.Model):
    """One row an execution; the unique number would betray a command executed twice."""

    number = models.BigIntegerField(unique=True)
    text = models.CharField(max_length=100)
    made_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.number}: {self.text}"


class Start(models.Model):
    """When a handler began, on the machine's monotonic clock, in seconds."""

    number = models.BigIntegerField(unique=True)
    at = models.FloatField()

    def __str__(self) -> str:
        return f"{self.number} at {self.at}"


class Balance(models.Model):
    """A read model."""

    account = models.BigIntegerField(primary_key=True)
    amount = models.BigIntegerField(default=0)
    moves = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.account}: {self.amount}"
