"""First part: periods, campuses, courses, disciplines, curricula, offerings."""

from collections.abc import Iterator
from datetime import date

from opsconsole.examples.academics.catalogue import ads, law
from opsconsole.examples.academics.catalogue.courses import COURSES, LAW, SYSTEMS
from opsconsole.examples.academics.catalogue.places import PLACES
from opsconsole.examples.academics.catalogue.subject import Periods
from opsconsole.examples.academics.models import (
    AcademicPeriod,
    Campus,
    Course,
    CourseOffering,
    Curriculum,
    CurriculumDiscipline,
    Discipline,
    Institution,
)
from opsconsole.examples.academics.seeding import chance

CAMPUS_COUNT = 4
Shift = CourseOffering.Shift


def seed_basic_data(institution: Institution, *, today: date) -> None:
    """Everything that does not depend on people."""
    AcademicPeriod.objects.bulk_create(_periods(institution, today.year))
    places = chance(institution, "campuses").sample(PLACES, CAMPUS_COUNT)
    campuses = Campus.objects.bulk_create(Campus(institution=institution, **place._asdict()) for place in places)
    Course.objects.bulk_create(Course(institution=institution, name=name, degree=degree) for name, degree in COURSES)
    period = institution.academic_periods.current(today)[0]
    plans = ((SYSTEMS, ads.PREFIX, ads.PERIODS, Shift.EVENING), (LAW, law.PREFIX, law.PERIODS, Shift.MORNING))
    for campus, (name, prefix, periods, shift) in zip(campuses, plans, strict=False):
        course = institution.courses.get(name=name)
        CourseOffering.objects.create(
            institution=institution,
            campus=campus,
            course=course,
            curriculum=_curriculum(course, f"{prefix} {today.year}", prefix, periods),
            academic_period=period,
            shift=shift,
        )


def _periods(institution: Institution, year: int) -> Iterator[AcademicPeriod]:
    """Two halves of last year and of this one: there is always one that has begun."""
    for number in (year - 1, year):
        halves = ((date(number, 2, 3), date(number, 7, 4)), (date(number, 8, 3), date(number, 12, 18)))
        for half, (starts_on, ends_on) in enumerate(halves, start=1):
            yield AcademicPeriod(institution=institution, name=f"{number}.{half}", starts_on=starts_on, ends_on=ends_on)


def _curriculum(course: Course, name: str, prefix: str, periods: Periods) -> Curriculum:
    curriculum = Curriculum.objects.create(institution_id=course.institution_id, course=course, name=name)
    planned = [(number, subject) for number, subjects in enumerate(periods, start=1) for subject in subjects]
    disciplines = Discipline.objects.bulk_create(
        Discipline(institution_id=course.institution_id, code=f"{prefix}{count:03}", name=subject.name)
        for count, (_, subject) in enumerate(planned, start=1)
    )
    CurriculumDiscipline.objects.bulk_create(
        CurriculumDiscipline(
            curriculum=curriculum,
            discipline=discipline,
            period=number,
            credits=subject.credits,
            workload=subject.workload,
        )
        for discipline, (number, subject) in zip(disciplines, planned, strict=True)
    )
    return curriculum
