"""Single lessons and who was there."""

from django.db import models
from django.db.models import F, Q


class Lesson(models.Model):
    """One meeting of a class, by the clock of its campus."""

    class_group = models.ForeignKey(
        "academics.ClassGroup", models.CASCADE, related_name="lessons", verbose_name="class"
    )
    number = models.PositiveSmallIntegerField(help_text="From 1, in the order of time.")
    held_on = models.DateField()
    starts_at = models.TimeField()
    ends_at = models.TimeField()

    class Meta:
        ordering = ["class_group", "number"]
        constraints = [
            models.UniqueConstraint("class_group", "number", name="academics_lesson_number"),
            models.UniqueConstraint("class_group", "held_on", "starts_at", name="academics_lesson_once"),
            models.CheckConstraint(name="academics_lesson_span", condition=Q(ends_at__gt=F("starts_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.class_group}, lesson {self.number}"


class Attendance(models.Model):
    lesson = models.ForeignKey(Lesson, models.CASCADE, related_name="attendances")
    student = models.ForeignKey("academics.Student", models.CASCADE, related_name="attendances")
    is_present = models.BooleanField()

    class Meta:
        ordering = ["lesson", "student__name"]
        constraints = [models.UniqueConstraint("lesson", "student", name="academics_attendance_once")]

    def __str__(self) -> str:
        return f"{self.student} {'present' if self.is_present else 'absent'}"
