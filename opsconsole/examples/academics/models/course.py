"""What is taught: disciplines, courses, the curricula that join them, and where a course is offered."""

from django.db import models
from django.db.models import Q

from opsconsole.examples.academics.models.belonging import Belonging


class Discipline(models.Model):
    """A subject, shared by the curricula of its institution."""

    institution = models.ForeignKey("academics.Institution", models.CASCADE, related_name="disciplines")
    code = models.CharField(max_length=10)
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["institution", "code"]
        constraints = [
            models.UniqueConstraint("institution", "code", name="academics_discipline_code"),
            models.UniqueConstraint("institution", "name", name="academics_discipline_name"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class Course(models.Model):
    class Degree(models.TextChoices):
        BACHELOR = "bachelor", "Bachelor's degree"
        LICENTIATE = "licentiate", "Licentiate"
        TECHNOLOGIST = "technologist", "Technologist"

    institution = models.ForeignKey("academics.Institution", models.CASCADE, related_name="courses")
    name = models.CharField(max_length=80)
    degree = models.CharField(max_length=12, choices=Degree)

    class Meta:
        ordering = ["institution", "name"]
        constraints = [
            models.UniqueConstraint("institution", "name", name="academics_course_name"),
            models.CheckConstraint(
                name="academics_course_degree",
                condition=Q(degree__in=["bachelor", "licentiate", "technologist"]),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Curriculum(Belonging):
    """The plan of a course: which disciplines, in which of its periods."""

    belongs_together = ("course",)

    institution = models.ForeignKey("academics.Institution", models.CASCADE, related_name="curricula")
    course = models.ForeignKey(Course, models.CASCADE, related_name="curricula")
    name = models.CharField(max_length=80)
    disciplines = models.ManyToManyField(Discipline, through="academics.CurriculumDiscipline", related_name="curricula")

    class Meta:
        verbose_name_plural = "curricula"
        ordering = ["institution", "name"]
        constraints = [models.UniqueConstraint("course", "name", name="academics_curriculum_name")]

    def __str__(self) -> str:
        return self.name


class CurriculumDiscipline(models.Model):
    curriculum = models.ForeignKey(Curriculum, models.CASCADE, related_name="items")
    discipline = models.ForeignKey(Discipline, models.RESTRICT, related_name="items")
    period = models.PositiveSmallIntegerField(help_text="In which period of the course, from 1.")
    credits = models.PositiveSmallIntegerField()
    workload = models.PositiveSmallIntegerField(help_text="Hours.")

    class Meta:
        verbose_name = "discipline of a curriculum"
        verbose_name_plural = "disciplines of a curriculum"
        ordering = ["period", "discipline__code"]
        constraints = [
            models.UniqueConstraint("curriculum", "discipline", name="academics_curriculumdiscipline_once"),
            models.CheckConstraint(
                name="academics_curriculumdiscipline_numbers",
                condition=Q(period__gte=1, period__lte=12, credits__gte=1, workload__gte=1),
                violation_error_message="Periods go from 1 to 12; credits and workload are at least 1.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.discipline} in period {self.period}"


class CourseOffering(Belonging):
    """A course as it can be studied: on a campus, after a curriculum, in a shift, from a period on."""

    class Shift(models.TextChoices):
        MORNING = "morning", "Morning"
        AFTERNOON = "afternoon", "Afternoon"
        EVENING = "evening", "Evening"

    belongs_together = ("campus", "course", "curriculum", "academic_period")

    institution = models.ForeignKey("academics.Institution", models.CASCADE, related_name="course_offerings")
    campus = models.ForeignKey("academics.Campus", models.RESTRICT, related_name="course_offerings")
    course = models.ForeignKey(Course, models.RESTRICT, related_name="offerings")
    curriculum = models.ForeignKey(Curriculum, models.RESTRICT, related_name="offerings")
    academic_period = models.ForeignKey("academics.AcademicPeriod", models.RESTRICT, related_name="course_offerings")
    shift = models.CharField(max_length=10, choices=Shift)

    class Meta:
        ordering = ["institution", "course", "shift"]
        constraints = [
            models.UniqueConstraint(
                "campus",
                "course",
                "curriculum",
                "academic_period",
                "shift",
                name="academics_courseoffering_once",
            ),
            models.CheckConstraint(
                name="academics_courseoffering_shift",
                condition=Q(shift__in=["morning", "afternoon", "evening"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course} ({self.shift}, {self.academic_period})"
