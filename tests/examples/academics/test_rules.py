"""Enrolling, planning lessons, numbering students."""

from datetime import date, time

import pytest
from django.db import IntegrityError

from opsconsole.examples.academics.admitting import next_registration
from opsconsole.examples.academics.catalogue import ads, law
from opsconsole.examples.academics.catalogue.names import identities
from opsconsole.examples.academics.enrolling import (
    EnrolmentRefused,
    close_enrolment,
    enrol,
    open_enrolment,
    release,
    start,
)
from opsconsole.examples.academics.models import Attendance, ClassGroup, Institution, ScheduleSlot
from opsconsole.examples.academics.models.classgroup import (
    AWAITING_START,
    ON_ENROLMENT,
    PRE_ENROLMENT,
    STARTED,
)
from opsconsole.examples.academics.timetable import plan_lessons
from tests.examples.academics import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def institution() -> Institution:
    return builders.institution()


@pytest.fixture
def group(institution: Institution) -> ClassGroup:
    return builders.class_group(institution, status=PRE_ENROLMENT, vacancies=2)


def test_students_enrol_while_the_period_is_open_and_there_is_room(group: ClassGroup) -> None:
    own = ClassGroup.objects.filter(pk=group.pk)
    students = [builders.student(group.institution) for _ in range(3)]
    period = open_enrolment(group.academic_period)
    assert release(own) == 1
    enrol(group.pk, students[:2])
    with pytest.raises(EnrolmentRefused, match="0 free places, not 1"):
        enrol(group.pk, students[2:])
    assert close_enrolment(period) == 1
    assert own.get().status == AWAITING_START
    assert start(own) == 1
    assert own.get().status == STARTED
    assert own.get().enrolments.count() == 2


def test_a_class_that_is_not_released_takes_nobody(group: ClassGroup) -> None:
    open_enrolment(group.academic_period)
    with pytest.raises(EnrolmentRefused, match="pre-enrolment"):
        enrol(group.pk, [builders.student(group.institution)])


def test_nobody_enrols_without_an_open_period(group: ClassGroup) -> None:
    release(ClassGroup.objects.filter(pk=group.pk))
    with pytest.raises(EnrolmentRefused, match="no enrolment period is open"):
        enrol(group.pk, [builders.student(group.institution)])


def test_closing_one_period_leaves_classes_of_another_alone(group: ClassGroup) -> None:
    later = builders.period(group.institution, name="2027.1", starts_on=date(2027, 2, 1), ends_on=date(2027, 7, 1))
    ClassGroup.objects.update(status=ON_ENROLMENT)
    assert close_enrolment(open_enrolment(later)) == 0


def test_an_institution_has_one_open_period(group: ClassGroup) -> None:
    open_enrolment(group.academic_period)
    with pytest.raises(IntegrityError):
        open_enrolment(group.academic_period)


def test_lessons_follow_the_weekly_slots_over_the_period(institution: Institution) -> None:
    builders.period(institution, starts_on=date(2026, 8, 5), ends_on=date(2026, 8, 19))  # three Wednesdays
    group = builders.class_group(institution, status=PRE_ENROLMENT)  # Mondays
    ScheduleSlot.objects.create(class_group=group, weekday=3, starts_at=time(8), ends_at=time(9))
    ScheduleSlot.objects.create(class_group=group, weekday=3, starts_at=time(7), ends_at=time(8))
    assert plan_lessons(group) == 8
    held = list(group.lessons.order_by("number").values_list("held_on", "starts_at"))
    assert held == sorted(held)
    assert [day.day for day, _ in held] == [5, 5, 10, 12, 12, 17, 19, 19]


def test_lessons_are_planned_anew_until_the_class_has_started(group: ClassGroup) -> None:
    plan_lessons(group)
    first = group.lessons.count()
    ScheduleSlot.objects.create(class_group=group, weekday=5, starts_at=time(19), ends_at=time(20))
    assert plan_lessons(group) > first
    ClassGroup.objects.update(status=STARTED)
    group.refresh_from_db()
    group.slots.all().delete()
    before = group.lessons.count()
    assert plan_lessons(group) == before == group.lessons.count()


def test_registration_numbers_count_up_within_a_year(institution: Institution) -> None:
    assert next_registration(institution.pk, 2026) == "202600001"
    builders.student(institution, registration="202600041")
    builders.student(institution, registration="202500099")
    assert next_registration(institution.pk, 2026) == "202600042"


def test_invented_people_have_addresses_of_their_own() -> None:
    from itertools import islice
    from random import Random

    people = list(islice(identities(Random(1), "aurora.example"), 2000))
    assert len({email for _, email in people}) == 2000
    assert all(email.isascii() and email.endswith("@aurora.example") for _, email in people)


@pytest.mark.parametrize(("plan", "total", "first"), [(ads, 31, 6), (law, 61, 6)])
def test_the_catalogue_has_the_disciplines_of_two_curricula(plan: object, total: int, first: int) -> None:
    names = [subject.name for subjects in plan.PERIODS for subject in subjects]
    assert len(names) == len(set(names)) == total
    assert len(plan.PERIODS[0]) == first


@pytest.mark.parametrize("today", [date(2026, 1, 10), date(2026, 3, 2), date(2026, 7, 20), date(2026, 11, 21)])
def test_an_institution_can_be_seeded_on_any_day_of_the_year(today: date) -> None:
    institution = builders.seeded(today=today)
    assert institution.classes.filter(status=STARTED).count() == 6
    past = Attendance.objects.filter(lesson__held_on__lt=today).values("lesson").distinct().count()
    assert past and not Attendance.objects.filter(lesson__held_on__gte=today).exists()
