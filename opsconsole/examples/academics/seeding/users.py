"""Second part: the first teachers and students."""

from datetime import date
from itertools import islice

from opsconsole.examples.academics.admitting import admit_student, hire_teacher
from opsconsole.examples.academics.catalogue.courses import LAW, SYSTEMS
from opsconsole.examples.academics.catalogue.names import identities
from opsconsole.examples.academics.models import Institution, Student, Teacher
from opsconsole.examples.academics.seeding import chance

TEACHERS, LAW_STUDENTS, SYSTEMS_STUDENTS = 4, 4, 6


def seed_users(institution: Institution, *, today: date) -> None:
    """Each of them is welcomed like anybody who joins later."""
    people = identities(chance(institution, "users"), institution.mail_domain)
    for name, email in islice(people, TEACHERS):
        hire_teacher(Teacher(institution=institution, name=name, email=email))
    courses = [LAW] * LAW_STUDENTS + [SYSTEMS] * SYSTEMS_STUDENTS
    offerings = {offering.course.name: offering for offering in institution.course_offerings.select_related("course")}
    for number, (course, (name, email)) in enumerate(zip(courses, people, strict=False), start=1):
        admit_student(
            Student(
                institution=institution,
                name=name,
                email=email,
                course_offering=offerings[course],
                registration=f"{today.year}{number:05}",
            )
        )
