"""What belongs to one institution refers only to things of that institution."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models


class Belonging(models.Model):
    """Abstract: a row with an `institution`, some of whose references must be of the same one."""

    belongs_together: ClassVar[tuple[str, ...]] = ()

    class Meta:
        abstract = True

    def clean(self) -> None:
        super().clean()
        errors = dict.fromkeys(self._strangers(), "This belongs to another institution.")
        if errors:
            raise ValidationError(errors)

    def _strangers(self) -> list[str]:
        institution_id = getattr(self, "institution_id", None)
        if institution_id is None:
            return []
        return [
            name
            for name in self.belongs_together
            if getattr(self, f"{name}_id") is not None and getattr(self, name).institution_id != institution_id
        ]
