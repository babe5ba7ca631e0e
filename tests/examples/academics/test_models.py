"""Rules that the database holds, and those that a form tells of."""

from collections.abc import Callable
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import RestrictedError

from opsconsole.examples.academics.models import (
    AcademicPeriod,
    Activity,
    Attendance,
    ClassEnrolment,
    ClassGroup,
    EnrolmentPeriod,
    Institution,
    Lesson,
    MailRefusal,
    Note,
    Notification,
    NotificationReceipt,
    ResetToken,
    ScheduleSlot,
    SentMail,
    WebhookAttempt,
    WebhookCall,
    WebhookSubscription,
)
from opsconsole.examples.academics.models.classgroup import CLASS, PRE_ENROLMENT, STARTED
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7
from tests.examples.academics import builders

pytestmark = pytest.mark.django_db


class World:
    """One institution with a class of one student."""

    def __init__(self) -> None:
        self.institution = builders.institution("Universidade Aurora")
        self.group = builders.class_group(self.institution, students=1)
        self.student = self.institution.students.get()
        self.teacher = self.institution.teachers.get()
        self.enrolment = ClassEnrolment.objects.get()
        self.period = self.institution.academic_periods.get()
        self.notification = Notification.objects.create(institution=self.institution, title="Aviso")


@pytest.fixture
def world() -> World:
    return World()


def twice(make: Callable[[], Any]) -> None:
    make()
    make()


def slot(world: World, **fields: Any) -> ScheduleSlot:
    given = {"class_group": world.group, "weekday": 2, "starts_at": time(19), "ends_at": time(20)} | fields
    return ScheduleSlot.objects.create(**given)


def lesson(world: World, **fields: Any) -> Lesson:
    given = {"number": 1, "held_on": date(2026, 8, 3), "starts_at": time(19), "ends_at": time(20)} | fields
    return Lesson.objects.create(class_group=world.group, **given)


def subscription(**fields: Any) -> WebhookSubscription:
    given = {"name": "Partner", "url": "https://partner.example/", "event_types": ["academics.note"]} | fields
    return WebhookSubscription.objects.create(**given)


def attempt(**fields: Any) -> WebhookAttempt:
    call = WebhookCall.objects.create(subscription=subscription(), event_id=uuid7(), event_type="x", body={})
    given = {"number": 1, "command_id": uuid7(), "latency": timedelta(0), "started_at": clock.now()} | fields
    return WebhookAttempt.objects.create(call=call, **given)


BROKEN: dict[str, Callable[[World], Any]] = {
    "academics_institution_name": lambda w: builders.institution("universidade AURORA", slug="other"),
    "academics_campus_state": lambda w: builders.campus(w.institution, state="pe"),
    "academics_campus_name": lambda w: twice(lambda: builders.campus(w.institution, name="Centro")),
    "academics_academicperiod_name": lambda w: builders.period(w.institution),
    "academics_academicperiod_span": lambda w: builders.period(w.institution, name="x", ends_on=date(2026, 8, 3)),
    "academics_discipline_code": lambda w: twice(lambda: builders.discipline(w.institution, code="A")),
    "academics_discipline_name": lambda w: twice(lambda: builders.discipline(w.institution, name="A")),
    "academics_enrolmentperiod_one_open": lambda w: twice(
        lambda: EnrolmentPeriod.objects.create(institution=w.institution, academic_period=w.period)
    ),
    "academics_enrolmentperiod_span": lambda w: EnrolmentPeriod.objects.create(
        institution=w.institution, academic_period=w.period, closed_at=clock.now() - timedelta(days=1)
    ),
    "academics_student_email": lambda w: builders.student(w.institution, email=w.student.email.upper()),
    "academics_student_address": lambda w: builders.student(w.institution, email="nobody"),
    "academics_student_registration": lambda w: builders.student(w.institution, registration=w.student.registration),
    "academics_teacher_email": lambda w: builders.teacher(w.institution, email=w.teacher.email.upper()),
    "academics_classgroup_code": lambda w: twice(lambda: builders.class_group(w.institution, code="A")),
    "academics_classgroup_status": lambda w: builders.class_group(w.institution, status="paused"),
    "academics_classgroup_vacancies": lambda w: builders.class_group(w.institution, vacancies=0),
    "academics_scheduleslot_once": lambda w: slot(w, weekday=1),
    "academics_scheduleslot_weekday": lambda w: slot(w, weekday=8),
    "academics_scheduleslot_span": lambda w: slot(w, ends_at=time(19)),
    "academics_classenrolment_once": lambda w: ClassEnrolment.objects.create(class_group=w.group, student=w.student),
    "academics_note_once": lambda w: twice(
        lambda: Note.objects.create(enrolment=w.enrolment, unit="N1", value=Decimal(7))
    ),
    "academics_note_unit": lambda w: Note.objects.create(enrolment=w.enrolment, unit="N4", value=Decimal(7)),
    "academics_note_value": lambda w: Note.objects.create(enrolment=w.enrolment, unit="N1", value=Decimal("10.01")),
    "academics_lesson_number": lambda w: twice(lambda: lesson(w)),
    "academics_lesson_once": lambda w: (lesson(w), lesson(w, number=2)),
    "academics_lesson_span": lambda w: lesson(w, ends_at=time(18)),
    "academics_attendance_once": lambda w: (
        Attendance.objects.create(lesson=(held := lesson(w)), student=w.student, is_present=True),
        Attendance.objects.create(lesson=held, student=w.student, is_present=False),
    ),
    "academics_activity_weight": lambda w: builders.activity(w.group, weight=101).save(),
    "academics_activity_kind": lambda w: builders.activity(w.group, kind="party").save(),
    "academics_activity_unit": lambda w: builders.activity(w.group, unit="N9").save(),
    "academics_notificationreceipt_addressee": lambda w: NotificationReceipt.objects.create(
        notification=w.notification
    ),
    "academics_receipt_student": lambda w: twice(
        lambda: NotificationReceipt.objects.create(notification=w.notification, student=w.student)
    ),
    "academics_receipt_teacher": lambda w: twice(
        lambda: NotificationReceipt.objects.create(notification=w.notification, teacher=w.teacher)
    ),
    "academics_receipt_read": lambda w: NotificationReceipt.objects.create(
        notification=w.notification, student=w.student, read_at=clock.now() - timedelta(days=1)
    ),
    "academics_resettoken_addressee": lambda w: ResetToken.objects.create(student=w.student, teacher=w.teacher),
    "academics_resettoken_span": lambda w: ResetToken.objects.create(student=w.student, expires_at=clock.now()),
    "academics_mailrefusal_single": lambda w: MailRefusal.objects.create(pk=2),
    "academics_mailrefusal_share": lambda w: MailRefusal.objects.create(share=101),
    "academics_mailrefusal_reply": lambda w: MailRefusal.objects.create(reply="perhaps"),
    "academics_sentmail_copies": lambda w: SentMail.objects.create(copies=0),
    "academics_webhook_event_types": lambda w: subscription(event_types=[]),
    "academics_webhook_key": lambda w: subscription(key="short"),
    "academics_webhookattempt_result": lambda w: attempt(),
}


@pytest.mark.parametrize("constraint", BROKEN)
def test_the_database_refuses_what_breaks_a_rule(world: World, constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        BROKEN[constraint](world)


@pytest.mark.parametrize("source", CLASS.states)
@pytest.mark.parametrize("target", CLASS.states)
def test_a_class_moves_only_along_its_lifecycle(world: World, source: str, target: str) -> None:
    ClassGroup.objects.update(status=source)
    moved = CLASS.move(ClassGroup.objects.all(), target)
    assert moved == (target in CLASS.moves[source])
    world.group.refresh_from_db()
    assert world.group.status == (target if moved else source)


@pytest.mark.parametrize("field", ["discipline", "campus", "academic_period", "teacher"])
def test_a_class_refers_only_to_its_own_institution(world: World, field: str) -> None:
    stranger = builders.class_group(builders.institution())
    setattr(world.group, field, getattr(stranger, field))
    with pytest.raises(ValidationError) as refused:
        world.group.full_clean()
    assert set(refused.value.message_dict) == {field}


def test_a_student_of_another_institution_cannot_be_enrolled(world: World) -> None:
    stranger = builders.student(builders.institution())
    with pytest.raises(ValidationError, match="another institution"):
        ClassEnrolment(class_group=world.group, student=stranger).full_clean()


def test_only_a_started_class_takes_activities(world: World) -> None:
    builders.activity(world.group).full_clean()
    world.group.status = PRE_ENROLMENT
    with pytest.raises(ValidationError, match="pre-enrolment"):
        builders.activity(world.group).full_clean()


def test_an_old_activity_can_still_be_edited_when_its_class_is_over(world: World) -> None:
    activity = builders.activity(world.group)
    activity.save()
    ClassGroup.objects.filter(status=STARTED).update(status="finished")
    Activity.objects.get().full_clean()


@pytest.mark.parametrize(
    ("today", "name"),
    [(date(2026, 9, 1), "2026.2"), (date(2026, 7, 20), "2026.1"), (date(2026, 12, 31), "2026.2")],
)
def test_the_current_period_is_the_one_that_began_last(world: World, today: date, name: str) -> None:
    builders.period(world.institution, name="2026.1", starts_on=date(2026, 2, 3), ends_on=date(2026, 7, 4))
    assert AcademicPeriod.objects.current(today)[0].name == name


def test_what_is_in_use_cannot_be_removed_alone_but_goes_with_its_institution(world: World) -> None:
    with pytest.raises(RestrictedError):
        world.group.discipline.delete()
    world.institution.delete()
    assert not Institution.objects.exists() and not ClassGroup.objects.exists()
