"""Letters and notifications that follow from a person's own events."""

from datetime import timedelta
from decimal import Decimal

import pytest

from opsconsole.engine import send
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.testing import assert_sent, run_until_idle
from opsconsole.examples.academics.admitting import admit_student, hire_teacher
from opsconsole.examples.academics.commands import SendResetTokenEmail, SendWelcomeEmail
from opsconsole.examples.academics.grading import record_note
from opsconsole.examples.academics.models import (
    ClassEnrolment,
    ClassGroup,
    MailRefusal,
    Note,
    NotificationReceipt,
    ResetToken,
    SentMail,
    Student,
    Teacher,
)
from opsconsole.examples.academics.passwords import request_reset
from tests.examples.academics import builders
from tests.examples.academics.postoffice import PostOffice


@pytest.fixture
def group(mail: PostOffice) -> ClassGroup:
    return builders.class_group(builders.institution("Universidade Aurora"), students=1)


def test_a_new_student_is_welcomed(group: ClassGroup) -> None:
    admit_student(
        Student(
            institution=group.institution,
            course_offering=group.institution.course_offerings.get(),
            name="Iara Souza Melo",
            email="iara@aurora.example",
            registration="1",
        )
    )
    run_until_idle()
    letter = SentMail.objects.get()
    assert (letter.recipient, letter.subject) == ("iara@aurora.example", "Welcome to Universidade Aurora")
    assert letter.body.startswith("Dear Iara,") and "study" in letter.body


def test_a_new_teacher_is_welcomed(group: ClassGroup) -> None:
    hire_teacher(Teacher(institution=group.institution, name="Caio Dias", email="caio@aurora.example"))
    run_until_idle()
    assert "teach" in SentMail.objects.get(recipient="caio@aurora.example").body


def test_an_institution_welcomes_nobody_of_another_one(group: ClassGroup) -> None:
    student = Student.objects.get()
    sent = send(SendWelcomeEmail(role="student", person_id=student.pk), tenant="another")
    run_until_idle(ignore_due_times=True)
    assert StoredCommand.objects.get(pk=sent.id).error_class.endswith("OfAnotherInstitution")
    assert not SentMail.objects.exists()


def test_a_reset_token_goes_by_mail_and_is_nowhere_in_the_log(group: ClassGroup) -> None:
    request_reset(group.teacher)
    run_until_idle()
    token = ResetToken.objects.get()
    letter = SentMail.objects.get()
    assert letter.recipient == group.teacher.email and token.token in letter.body
    assert token.token not in str(StoredEvent.objects.values_list("data", flat=True))
    assert token.token not in str(StoredCommand.objects.values_list("payload", flat=True))


def test_a_token_that_ran_out_fails_its_event_and_sends_nothing(group: ClassGroup) -> None:
    request_reset(Student.objects.get(), valid_for=timedelta(microseconds=1))
    run_until_idle()
    event = StoredEvent.objects.get()
    assert event.status == "error" and "was good until" in event.error
    assert_sent(SendResetTokenEmail, count=0)


def test_a_token_that_runs_out_while_its_letter_is_refused_is_not_sent_late(group: ClassGroup) -> None:
    MailRefusal.objects.create(share=100)
    request_reset(Student.objects.get())
    run_until_idle()
    ResetToken.objects.update(expires_at=ResetToken.objects.get().created_at + timedelta(microseconds=1))
    MailRefusal.objects.update(share=0)
    run_until_idle(ignore_due_times=True)
    assert StoredCommand.objects.get().status == "cancelled"
    assert not SentMail.objects.exists()


def test_a_new_note_is_told_to_its_student(group: ClassGroup) -> None:
    enrolment = ClassEnrolment.objects.get()
    record_note(Note(enrolment=enrolment, unit="N1", value=Decimal("8.50")))
    run_until_idle()
    receipt = NotificationReceipt.objects.get()
    assert receipt.student == enrolment.student and not receipt.is_read
    assert receipt.notification.title.endswith("your N1 is 8.50")
