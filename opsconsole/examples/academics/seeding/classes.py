"""Third part: a class for each discipline of the first period of ADS."""

from datetime import date, time

from opsconsole.examples.academics.catalogue.courses import SYSTEMS
from opsconsole.examples.academics.models import ClassGroup, Institution, ScheduleSlot
from opsconsole.examples.academics.seeding import chance
from opsconsole.examples.academics.timetable import plan_lessons

VACANCIES = (25, 30, 35)
EVENING = (time(19, 0), time(21, 40))


def seed_classes(institution: Institution, *, today: date) -> None:
    """Random teachers and vacancies, one evening slot each, no two on the same day."""
    random = chance(institution, "classes")
    period = institution.academic_periods.current(today)[0]
    offering = institution.course_offerings.get(course__name=SYSTEMS)
    teachers = list(institution.teachers.order_by("pk"))
    first_period = offering.curriculum.items.filter(period=1).select_related("discipline").order_by("discipline__code")
    for weekday, item in enumerate(first_period, start=1):
        group = ClassGroup.objects.create(
            institution=institution,
            code=f"{item.discipline.code}-{period.name}",
            discipline=item.discipline,
            campus=offering.campus,
            academic_period=period,
            teacher=random.choice(teachers),
            vacancies=random.choice(VACANCIES),
        )
        starts_at, ends_at = EVENING
        ScheduleSlot.objects.create(class_group=group, weekday=weekday, starts_at=starts_at, ends_at=ends_at)
        plan_lessons(group)
