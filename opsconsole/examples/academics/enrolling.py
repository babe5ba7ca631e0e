"""From an open enrolment period to classes that have started."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import QuerySet

from opsconsole.examples.academics.models import (
    AcademicPeriod,
    ClassEnrolment,
    ClassGroup,
    EnrolmentPeriod,
    Student,
)
from opsconsole.examples.academics.models.classgroup import AWAITING_START, CLASS, ON_ENROLMENT, STARTED
from opsconsole.kernel import clock

Classes = QuerySet[ClassGroup]


class EnrolmentRefused(Exception):
    """A rule forbids the enrolment; the text says which."""


def open_enrolment(period: AcademicPeriod) -> EnrolmentPeriod:
    """Let students enrol; an IntegrityError when the institution has an open enrolment period already."""
    return EnrolmentPeriod.objects.create(institution_id=period.institution_id, academic_period=period)


def release(classes: Classes) -> int:
    """Offer classes for enrolment; returns how many were."""
    return CLASS.move(classes, ON_ENROLMENT)


@transaction.atomic
def enrol(group_id: int, students: Collection[Student]) -> None:
    """Enrol students in a class while its period is open and it has room for all; else EnrolmentRefused."""
    group = ClassGroup.objects.select_for_update().get(pk=group_id)
    if group.status != ON_ENROLMENT:
        raise EnrolmentRefused(f"{group} takes no enrolments: it is {group.get_status_display().lower()}")
    if not EnrolmentPeriod.objects.filter(academic_period_id=group.academic_period_id, closed_at__isnull=True).exists():
        raise EnrolmentRefused(f"no enrolment period is open for {group}")
    free = group.vacancies - group.enrolments.count()
    if len(students) > free:
        raise EnrolmentRefused(f"{group} has {free} free places, not {len(students)}")
    ClassEnrolment.objects.bulk_create([ClassEnrolment(class_group=group, student=student) for student in students])


@transaction.atomic
def close_enrolment(period: EnrolmentPeriod) -> int:
    """End the enrolment; its classes now wait for their start. Returns how many do."""
    period.closed_at = clock.now()
    period.save(update_fields=["closed_at"])
    classes = ClassGroup.objects.filter(academic_period_id=period.academic_period_id)
    return CLASS.move(classes, AWAITING_START)


def start(classes: Classes) -> int:
    """Begin to teach; returns how many classes did."""
    return CLASS.move(classes, STARTED)
