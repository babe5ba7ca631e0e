"""Who attends which class, and with which notes."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from opsconsole.kernel import clock


class Unit(models.TextChoices):
    """The three thirds of a term, each with its note."""

    N1 = "N1"
    N2 = "N2"
    N3 = "N3"


class ClassEnrolment(models.Model):
    class_group = models.ForeignKey(
        "academics.ClassGroup", models.CASCADE, related_name="enrolments", verbose_name="class"
    )
    student = models.ForeignKey("academics.Student", models.CASCADE, related_name="enrolments")
    enrolled_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["class_group", "student__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["class_group", "student"],
                name="academics_classenrolment_once",
                violation_error_message="This student is enrolled in this class already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.student} in {self.class_group}"

    def clean(self) -> None:
        known = self.class_group_id is not None and self.student_id is not None
        if known and self.student.institution_id != self.class_group.institution_id:
            raise ValidationError({"student": "This student belongs to another institution."})


class Note(models.Model):
    """A mark from 0 to 10 for one unit of a class."""

    enrolment = models.ForeignKey(ClassEnrolment, models.CASCADE, related_name="notes")
    unit = models.CharField(max_length=2, choices=Unit)
    value = models.DecimalField(max_digits=4, decimal_places=2, help_text="From 0 to 10.")
    recorded_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-recorded_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["enrolment", "unit"],
                name="academics_note_once",
                violation_error_message="This unit has its note already.",
            ),
            models.CheckConstraint(name="academics_note_unit", condition=Q(unit__in=["N1", "N2", "N3"])),
            models.CheckConstraint(
                name="academics_note_value",
                condition=Q(value__gte=0, value__lte=10),
                violation_error_message="A note lies between 0 and 10.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.value}"
