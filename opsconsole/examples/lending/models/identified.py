"""What messages speak of has an identifier that can be made anywhere."""

from typing import Any

from django.db import models

from opsconsole.kernel.identifiers import uuid7


class Identified(models.Model):
    """Abstract: a row known by a UUID."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        abstract = True


def money(**options: Any) -> Any:
    """A column of whole cents."""
    return models.DecimalField(max_digits=16, decimal_places=2, **options)
