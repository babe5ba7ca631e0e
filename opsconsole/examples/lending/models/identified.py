"""What messages speak of has an identifier that can be made anywhere."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.db import models

from opsconsole.kernel.identifiers import uuid7


class Identified(models.Model):
    """Abstract: a row known by a UUID.

    Columns that are `moved_by_statements` are left alone when a row is saved again: whoever saves it may have read it
    before somebody else moved them.
    """

    moved_by_statements: ClassVar[frozenset[str]] = frozenset()

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)

    class Meta:
        abstract = True

    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        if update_fields is None and self.moved_by_statements and not self._state.adding:
            own = {field.name for field in self._meta.concrete_fields if not field.primary_key}
            update_fields = own - self.moved_by_statements
        super().save(update_fields=update_fields, **options)


def money(**options: Any) -> Any:
    """A column of whole cents."""
    return models.DecimalField(max_digits=16, decimal_places=2, **options)
