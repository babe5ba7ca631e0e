"""Small academic worlds for tests, stored directly: nothing is announced."""

from datetime import date, time
from itertools import count
from typing import Any

from opsconsole.examples.academics.models import (
    AcademicPeriod,
    Activity,
    Campus,
    ClassEnrolment,
    ClassGroup,
    Course,
    CourseOffering,
    Curriculum,
    Discipline,
    Institution,
    ScheduleSlot,
    Student,
    Teacher,
)
from opsconsole.examples.academics.models.classgroup import STARTED
from opsconsole.examples.academics.seeding.attendance import seed_lesson_attendance
from opsconsole.examples.academics.seeding.basic_data import seed_basic_data
from opsconsole.examples.academics.seeding.classes import seed_classes
from opsconsole.examples.academics.seeding.enrolments import seed_enrolments
from opsconsole.examples.academics.seeding.users import seed_users

_numbers = count(1)


def institution(name: str = "", **fields: Any) -> Institution:
    name = name or f"Universidade {next(_numbers)}"
    return Institution.objects.create(name=name, slug=fields.pop("slug", Institution.slug_for(name)), **fields)


def seeded(*, today: date, name: str = "") -> Institution:
    """An institution after all five parts of its seeding."""
    new = institution(name)
    for part in (seed_basic_data, seed_users, seed_classes, seed_enrolments, seed_lesson_attendance):
        part(new, today=today)
    return new


def period(owner: Institution, **fields: Any) -> AcademicPeriod:
    defaults = {"name": "2026.2", "starts_on": date(2026, 8, 3), "ends_on": date(2026, 12, 18)}
    return AcademicPeriod.objects.create(institution=owner, **(defaults | fields))


def campus(owner: Institution, **fields: Any) -> Campus:
    defaults = {"name": f"Campus {next(_numbers)}", "city": "Recife", "state": "PE"}
    return Campus.objects.create(institution=owner, **(defaults | fields))


def discipline(owner: Institution, **fields: Any) -> Discipline:
    number = next(_numbers)
    defaults = {"code": f"D{number}", "name": f"Disciplina {number}"}
    return Discipline.objects.create(institution=owner, **(defaults | fields))


def offering(owner: Institution) -> CourseOffering:
    course = Course.objects.create(institution=owner, name=f"Curso {next(_numbers)}", degree="bachelor")
    return CourseOffering.objects.create(
        institution=owner,
        campus=campus(owner),
        course=course,
        curriculum=Curriculum.objects.create(institution=owner, course=course, name="2026"),
        academic_period=owner.academic_periods.first() or period(owner),
        shift="evening",
    )


def teacher(owner: Institution, **fields: Any) -> Teacher:
    number = next(_numbers)
    defaults = {"name": f"Marta Nunes {number}", "email": f"marta{number}@{owner.mail_domain}"}
    return Teacher.objects.create(institution=owner, **(defaults | fields))


def student(owner: Institution, **fields: Any) -> Student:
    number = next(_numbers)
    defaults = {
        "name": f"Caio Lima {number}",
        "email": f"caio{number}@{owner.mail_domain}",
        "registration": f"2026{number:05}",
        "course_offering": owner.course_offerings.first() or offering(owner),
    }
    return Student.objects.create(institution=owner, **(defaults | fields))


def class_group(owner: Institution, *, students: int = 0, **fields: Any) -> ClassGroup:
    """A started class that meets on Monday evenings."""
    defaults = {
        "code": f"C{next(_numbers)}",
        "discipline": discipline(owner),
        "campus": campus(owner),
        "academic_period": owner.academic_periods.first() or period(owner),
        "teacher": teacher(owner),
        "vacancies": 30,
        "status": STARTED,
    }
    group = ClassGroup.objects.create(institution=owner, **(defaults | fields))
    ScheduleSlot.objects.create(class_group=group, weekday=1, starts_at=time(19), ends_at=time(21, 40))
    ClassEnrolment.objects.bulk_create(
        ClassEnrolment(class_group=group, student=student(owner)) for _ in range(students)
    )
    return group


def activity(group: ClassGroup, **fields: Any) -> Activity:
    """An activity that is not stored yet."""
    defaults = {"title": "Lista de exercícios", "due_on": date(2026, 12, 1)}
    return Activity(class_group=group, **(defaults | fields))
