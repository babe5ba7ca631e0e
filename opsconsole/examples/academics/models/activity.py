"""What a teacher sets a class to do."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from opsconsole.examples.academics.models.classgroup import STARTED
from opsconsole.examples.academics.models.enrolment import Unit
from opsconsole.kernel import clock


class Activity(models.Model):
    class Kind(models.TextChoices):
        EXAM = "exam", "Exam"
        WORK = "work", "Assignment"
        PRESENTATION = "presentation", "Presentation"
        PROJECT = "project", "Project"

    class_group = models.ForeignKey(
        "academics.ClassGroup", models.CASCADE, related_name="activities", verbose_name="class"
    )
    title = models.CharField(max_length=120)
    description = models.TextField(max_length=4000, blank=True)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.WORK)
    unit = models.CharField(max_length=2, choices=Unit, default=Unit.N1, help_text="Which note it counts for.")
    weight = models.PositiveSmallIntegerField(default=20, help_text="Percent of the note.")
    due_on = models.DateField()
    published_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        verbose_name_plural = "activities"
        ordering = ["-published_at"]
        constraints = [
            models.CheckConstraint(
                name="academics_activity_kind",
                condition=Q(kind__in=["exam", "work", "presentation", "project"]),
            ),
            models.CheckConstraint(name="academics_activity_unit", condition=Q(unit__in=["N1", "N2", "N3"])),
            models.CheckConstraint(
                name="academics_activity_weight",
                condition=Q(weight__gte=1, weight__lte=100),
                violation_error_message="A weight lies between 1 and 100 percent.",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        if self._state.adding and self.class_group_id and self.class_group.status != STARTED:
            status = self.class_group.get_status_display().lower()
            raise ValidationError({"class_group": f"This class takes no activities: it is {status}."})
