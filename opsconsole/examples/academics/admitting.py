"""People join an institution."""

from uuid import UUID

from django.db import transaction

from opsconsole.engine import emit
from opsconsole.examples.academics.events import StudentCreated, TeacherCreated
from opsconsole.examples.academics.models import Student, Teacher


@transaction.atomic
def admit_student(student: Student) -> UUID:
    """Store a new student and say so; returns the event's id."""
    student.save(force_insert=True)
    return emit(StudentCreated(student_id=student.pk), source=student, tenant=student.institution.tenant)


@transaction.atomic
def hire_teacher(teacher: Teacher) -> UUID:
    """Store a new teacher and say so; returns the event's id."""
    teacher.save(force_insert=True)
    return emit(TeacherCreated(teacher_id=teacher.pk), source=teacher, tenant=teacher.institution.tenant)


def next_registration(institution_id: int, year: int) -> str:
    """A registration number that nobody has: the year and a count. Two at once may get the same."""
    prefix = f"{year}"
    taken = Student.objects.filter(institution_id=institution_id, registration__startswith=prefix)
    last = taken.order_by("-registration").values_list("registration", flat=True).first()
    number = int(last.removeprefix(prefix)) + 1 if last else 1
    return f"{prefix}{number:05}"
