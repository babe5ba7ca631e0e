"""When is taught, and when students may enrol."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q

from opsconsole.kernel import clock


class AcademicPeriodQuerySet(models.QuerySet["AcademicPeriod"]):
    def current(self, on: date) -> Self:
        """The period that began last, first of the answer; between two periods it is the one just over."""
        return self.filter(starts_on__lte=on).order_by("-starts_on")


class AcademicPeriod(models.Model):
    institution = models.ForeignKey("academics.Institution", models.CASCADE, related_name="academic_periods")
    name = models.CharField(max_length=10, help_text="Year and half, as in 2026.2.")
    starts_on = models.DateField()
    ends_on = models.DateField()

    objects = AcademicPeriodQuerySet.as_manager()

    class Meta:
        ordering = ["institution", "-starts_on"]
        constraints = [
            models.UniqueConstraint("institution", "name", name="academics_academicperiod_name"),
            models.CheckConstraint(
                name="academics_academicperiod_span",
                condition=Q(ends_on__gt=F("starts_on")),
                violation_error_message="A period ends after it starts.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class EnrolmentPeriod(models.Model):
    """A time in which students may enrol in classes; an institution has one open at most."""

    institution = models.ForeignKey("academics.Institution", models.CASCADE, related_name="enrolment_periods")
    academic_period = models.ForeignKey(AcademicPeriod, models.CASCADE, related_name="enrolment_periods")
    opened_at = models.DateTimeField(default=clock.now)
    closed_at = models.DateTimeField(null=True, blank=True, help_text="Empty while it is open.")

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["institution"],
                condition=Q(closed_at__isnull=True),
                name="academics_enrolmentperiod_one_open",
                violation_error_message="This institution has an open enrolment period already.",
            ),
            models.CheckConstraint(
                name="academics_enrolmentperiod_span",
                condition=Q(closed_at__isnull=True) | Q(closed_at__gte=F("opened_at")),
                violation_error_message="An enrolment period closes after it opens.",
            ),
        ]

    def __str__(self) -> str:
        return f"enrolment for {self.academic_period}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None
