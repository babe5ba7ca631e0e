"""Something for one person: a student or a teacher, never both, never neither."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from opsconsole.examples.academics.models.people import Student, Teacher


class Addressee(models.Model):
    """Abstract: a row for a student or for a teacher."""

    student = models.ForeignKey("academics.Student", models.CASCADE, null=True, blank=True, related_name="%(class)ss")
    teacher = models.ForeignKey("academics.Teacher", models.CASCADE, null=True, blank=True, related_name="%(class)ss")

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="academics_%(class)s_addressee",
                condition=Q(student__isnull=True, teacher__isnull=False)
                | Q(student__isnull=False, teacher__isnull=True),
                violation_error_message="Choose a student or a teacher, one of them.",
            )
        ]

    @property
    def person(self) -> Student | Teacher:
        person = self.student or self.teacher
        if person is None:
            raise ValidationError("there is neither a student nor a teacher")
        return person
