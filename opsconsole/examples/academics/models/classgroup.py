"""Classes: a discipline taught to a group of students in one academic period."""

from django.db import models
from django.db.models import F, Q

from opsconsole.examples.academics.models.belonging import Belonging
from opsconsole.kernel.lifecycle import Lifecycle

PRE_ENROLMENT, ON_ENROLMENT, AWAITING_START = "pre_enrolment", "on_enrolment", "awaiting_start"
STARTED, FINISHED = "started", "finished"

CLASS = Lifecycle(
    {
        PRE_ENROLMENT: {ON_ENROLMENT},
        ON_ENROLMENT: {AWAITING_START},
        AWAITING_START: {STARTED},
        STARTED: {FINISHED},
        FINISHED: set(),
    }
)


class ClassGroup(Belonging):
    class Status(models.TextChoices):
        PRE_ENROLMENT = PRE_ENROLMENT, "Pre-enrolment"
        ON_ENROLMENT = ON_ENROLMENT, "On enrolment"
        AWAITING_START = AWAITING_START, "Awaiting start"
        STARTED = STARTED, "Started"
        FINISHED = FINISHED, "Finished"

    belongs_together = ("discipline", "campus", "academic_period", "teacher")

    institution = models.ForeignKey("academics.Institution", models.CASCADE, related_name="classes")
    code = models.CharField(max_length=30, help_text="As in ADS-01-2026.2.")
    discipline = models.ForeignKey("academics.Discipline", models.RESTRICT, related_name="classes")
    campus = models.ForeignKey("academics.Campus", models.RESTRICT, related_name="classes")
    academic_period = models.ForeignKey("academics.AcademicPeriod", models.RESTRICT, related_name="classes")
    teacher = models.ForeignKey(
        "academics.Teacher", models.SET_NULL, null=True, blank=True, related_name="classes",
        help_text="Empty until somebody is found.",
    )  # fmt: skip
    vacancies = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=16, choices=Status, default=PRE_ENROLMENT, editable=False)
    students = models.ManyToManyField("academics.Student", through="academics.ClassEnrolment", related_name="classes")

    class Meta:
        verbose_name = "class"
        verbose_name_plural = "classes"
        ordering = ["institution", "code"]
        constraints = [
            models.UniqueConstraint("institution", "code", name="academics_classgroup_code"),
            models.CheckConstraint(name="academics_classgroup_status", condition=CLASS.check()),
            models.CheckConstraint(
                name="academics_classgroup_vacancies",
                condition=Q(vacancies__gte=1),
                violation_error_message="A class has at least one vacancy.",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class ScheduleSlot(models.Model):
    """A weekly time of a class, by the clock of its campus."""

    class Weekday(models.IntegerChoices):
        MONDAY = 1
        TUESDAY = 2
        WEDNESDAY = 3
        THURSDAY = 4
        FRIDAY = 5
        SATURDAY = 6
        SUNDAY = 7

    class_group = models.ForeignKey(ClassGroup, models.CASCADE, related_name="slots", verbose_name="class")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    starts_at = models.TimeField()
    ends_at = models.TimeField()

    class Meta:
        ordering = ["weekday", "starts_at"]
        constraints = [
            models.UniqueConstraint("class_group", "weekday", "starts_at", name="academics_scheduleslot_once"),
            models.CheckConstraint(name="academics_scheduleslot_weekday", condition=Q(weekday__gte=1, weekday__lte=7)),
            models.CheckConstraint(
                name="academics_scheduleslot_span",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message="A slot ends after it starts, on the same day.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.starts_at:%H:%M}–{self.ends_at:%H:%M}"
