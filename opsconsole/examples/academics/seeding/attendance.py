"""Fifth part: the roll was called in each lesson already past."""

from datetime import date

from opsconsole.examples.academics.models import Attendance, Institution, Lesson
from opsconsole.examples.academics.seeding import chance

FEWEST_PRESENT = 3


def seed_lesson_attendance(institution: Institution, *, today: date) -> int:
    """A random part of each class was present, three at least; returns the number of lessons held."""
    random = chance(institution, "attendance")
    lessons = Lesson.objects.filter(class_group__institution=institution, held_on__lt=today)
    students = {
        group.pk: list(group.students.order_by("pk").values_list("pk", flat=True))
        for group in institution.classes.all()
    }
    marks = []
    for lesson in lessons.order_by("class_group", "number"):
        enrolled = students[lesson.class_group_id]
        present = set(random.sample(enrolled, random.randint(min(FEWEST_PRESENT, len(enrolled)), len(enrolled))))
        marks += [Attendance(lesson=lesson, student_id=student, is_present=student in present) for student in enrolled]
    Attendance.objects.bulk_create(marks, batch_size=1000)
    return lessons.count()
