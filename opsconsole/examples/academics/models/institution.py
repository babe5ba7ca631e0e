"""Institutions and the places where they teach."""

from uuid import uuid4

from django.db import models
from django.db.models.functions import Lower
from django.utils.text import slugify

from opsconsole.kernel import clock


class Institution(models.Model):
    """A university or college: the tenant of everything that belongs to it."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True, help_text="Also the first part of its mail domain.")
    founded_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="academics_institution_name",
                violation_error_code="unique",
                violation_error_message="There is an institution of this name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def slug_for(name: str) -> str:
        """A slug out of a name; one made up when the name has no letter that fits."""
        return slugify(name)[:60].strip("-") or f"institution-{uuid4().hex[:8]}"

    @property
    def tenant(self) -> str:
        """The name under which the engine files this institution's events and commands."""
        return str(self.pk)

    @property
    def mail_domain(self) -> str:
        return f"{self.slug}.example"


class Campus(models.Model):
    institution = models.ForeignKey(Institution, models.CASCADE, related_name="campuses")
    name = models.CharField(max_length=80)
    city = models.CharField(max_length=80)
    state = models.CharField(max_length=2, help_text="Two letters, as in PE.")

    class Meta:
        verbose_name_plural = "campuses"
        ordering = ["institution", "name"]
        constraints = [
            models.UniqueConstraint("institution", "name", name="academics_campus_name"),
            models.CheckConstraint(name="academics_campus_state", condition=models.Q(state__regex=r"^[A-Z]{2}$")),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.city}"
