"""What a limited type may still spend."""

from django.db import models


class Budget(models.Model):
    """Tokens of a type with a rate limit; its row is locked by whoever claims commands of the type."""

    type = models.CharField(primary_key=True, max_length=200)
    tokens = models.FloatField()
    refilled_at = models.DateTimeField()

    class Meta:
        db_table = "ops_engine_budget"

    def __str__(self) -> str:
        return f"{self.tokens:g} of {self.type}"
