"""The people of an institution: those who teach and those who learn."""

from django.core.validators import validate_email
from django.db import models
from django.db.models.functions import Lower

from opsconsole.examples.academics.models.belonging import Belonging
from opsconsole.kernel import clock


class Person(Belonging):
    """Abstract: somebody with a name and an address."""

    institution = models.ForeignKey("academics.Institution", models.CASCADE, related_name="%(class)ss")
    name = models.CharField(max_length=120)
    email = models.EmailField(max_length=200)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        abstract = True
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                "institution",
                Lower("email"),
                name="academics_%(class)s_email",
                violation_error_message="Somebody of this institution has this address already.",
            ),
            models.CheckConstraint(
                name="academics_%(class)s_address",
                condition=models.Q(email__regex=r"^[^@\s]+@[^@\s]+$"),
                violation_error_message="This is no mail address.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def first_name(self) -> str:
        return self.name.split(" ", 1)[0]

    def clean(self) -> None:
        super().clean()
        if self.email:
            validate_email(self.email)


class Teacher(Person):
    pass


class Student(Person):
    belongs_together = ("course_offering",)

    course_offering = models.ForeignKey("academics.CourseOffering", models.RESTRICT, related_name="students")
    registration = models.CharField(max_length=20, help_text="Registration number, once per institution.")

    class Meta(Person.Meta):
        constraints = [
            *Person.Meta.constraints,
            models.UniqueConstraint("institution", "registration", name="academics_student_registration"),
        ]
