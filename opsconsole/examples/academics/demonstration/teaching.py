"""Open a class and have it start, by the same rules as everybody."""

from collections.abc import Collection
from datetime import timedelta
from itertools import count, islice
from random import Random

from django.db import transaction

from opsconsole.examples.academics.admitting import next_registration
from opsconsole.examples.academics.catalogue.names import identities
from opsconsole.examples.academics.catalogue.tasks import TASKS
from opsconsole.examples.academics.enrolling import close_enrolment, enrol, open_enrolment, release, start
from opsconsole.examples.academics.models import Activity, ClassGroup, Institution, ScheduleSlot, Student
from opsconsole.examples.academics.models.enrolment import Unit
from opsconsole.examples.academics.seeding.classes import EVENING
from opsconsole.examples.academics.timetable import plan_lessons
from opsconsole.kernel import clock


@transaction.atomic
def open_class(institution: Institution, students: Collection[Student], random: Random) -> ClassGroup:
    """A started class of these students in a random discipline."""
    offering = institution.course_offerings.order_by("pk")[0]
    period = institution.academic_periods.current(clock.now().date())[0]
    discipline = random.choice(list(institution.disciplines.all()))
    group = ClassGroup.objects.create(
        institution=institution,
        code=_free_code(institution, f"{discipline.code}-{period.name}"),
        discipline=discipline,
        campus=offering.campus,
        academic_period=period,
        teacher=random.choice(list(institution.teachers.all())),
        vacancies=max(len(students), 25),
    )
    starts_at, ends_at = EVENING
    weekday = random.randint(1, 6)
    ScheduleSlot.objects.create(class_group=group, weekday=weekday, starts_at=starts_at, ends_at=ends_at)
    plan_lessons(group)
    own = ClassGroup.objects.filter(pk=group.pk)
    enrolment = open_enrolment(period)
    release(own)
    enrol(group.pk, students)
    close_enrolment(enrolment)
    start(own)
    group.refresh_from_db()
    return group


def transfer_students(institution: Institution, number: int, random: Random) -> list[Student]:
    """Students who come from elsewhere, all at once: nobody is welcomed one by one."""
    taken = set(institution.students.values_list("email", flat=True))
    people = identities(random, institution.mail_domain, taken=taken)
    offering = institution.course_offerings.order_by("pk")[0]
    first = int(next_registration(institution.pk, clock.now().year))
    return Student.objects.bulk_create(
        Student(
            institution=institution,
            course_offering=offering,
            name=name,
            email=email,
            registration=str(first + offset),
        )
        for offset, (name, email) in enumerate(islice(people, number))
    )


def invent_activity(group: ClassGroup, random: Random) -> Activity:
    """An activity that a teacher of the class may set; not stored yet."""
    kind, title, description = random.choice(TASKS)
    return Activity(
        class_group=group,
        kind=kind,
        title=title,
        description=description,
        unit=random.choice(Unit.values),
        weight=random.choice((10, 20, 25, 40)),
        due_on=clock.now().date() + timedelta(days=random.randint(5, 30)),
    )


def _free_code(institution: Institution, stem: str) -> str:
    taken = set(institution.classes.filter(code__startswith=stem).values_list("code", flat=True))
    return next(code for code in (f"{stem}-{number}" for number in count(1)) if code not in taken)
