"""Lessons out of a class's weekly slots, over its academic period."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from django.db import transaction

from opsconsole.examples.academics.models import ClassGroup, Lesson, ScheduleSlot
from opsconsole.examples.academics.models.classgroup import FINISHED, STARTED


@transaction.atomic
def plan_lessons(group: ClassGroup) -> int:
    """Plan a class's lessons anew, unless it has started already; returns how many there are then."""
    if group.status in (STARTED, FINISHED):
        return group.lessons.count()
    period = group.academic_period
    group.lessons.all().delete()
    meetings = sorted(
        _meetings(group.slots.all(), period.starts_on, period.ends_on),
        key=lambda meeting: (meeting[0], meeting[1].starts_at),
    )
    lessons = [
        Lesson(class_group=group, number=number, held_on=day, starts_at=slot.starts_at, ends_at=slot.ends_at)
        for number, (day, slot) in enumerate(meetings, start=1)
    ]
    return len(Lesson.objects.bulk_create(lessons))


def _meetings(slots: Iterable[ScheduleSlot], first: date, last: date) -> Iterator[tuple[date, ScheduleSlot]]:
    for slot in slots:
        day = first + timedelta(days=(slot.weekday - first.isoweekday()) % 7)
        while day <= last:
            yield day, slot
            day += timedelta(days=7)
