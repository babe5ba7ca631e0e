"""A new activity: notifications, e-mails in a batch, and the teacher told when all went out."""

import pytest
from django.db import transaction

from opsconsole.engine import operations
from opsconsole.engine.models import Attempt, Batch
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.testing import assert_emitted, assert_sent, run_until_idle
from opsconsole.examples.academics.commands import NotifyTeacher, SendActivityEmail
from opsconsole.examples.academics.events import ClassActivityCreated
from opsconsole.examples.academics.mailsink.refusing import is_refused
from opsconsole.examples.academics.models import (
    ClassGroup,
    MailRefusal,
    NotificationReceipt,
    SentMail,
    Student,
)
from opsconsole.examples.academics.publishing import publish_activity
from tests.examples.academics import builders
from tests.examples.academics.postoffice import PostOffice

SIZE = 40


@pytest.fixture
def group(mail: PostOffice) -> ClassGroup:
    return builders.class_group(builders.institution(), students=SIZE)


def refused_students(share: int) -> set[int]:
    return {student.pk for student in Student.objects.all() if is_refused(student.email, share)}


def of_type(message: type, **fields: object) -> list[StoredCommand]:
    return list(StoredCommand.objects.filter(type=message.__contract__.name, **fields).order_by("id"))


def told() -> int:
    return NotificationReceipt.objects.filter(teacher__isnull=False).count()


def test_every_student_is_notified_and_sent_mail_and_then_the_teacher_is_told(group: ClassGroup) -> None:
    activity = builders.activity(group)
    event_id = publish_activity(activity)
    run_until_idle()
    assert NotificationReceipt.objects.filter(student__isnull=False).count() == SIZE
    recipients = SentMail.objects.filter(subject__contains=activity.title).values_list("recipient", flat=True)
    assert sorted(recipients) == sorted(Student.objects.values_list("email", flat=True))
    batch = Batch.objects.get()
    assert (batch.status, batch.size, batch.success_count) == ("success", SIZE, SIZE)
    assert told() == 1
    event = StoredEvent.objects.get(pk=event_id)
    assert event.tenant == batch.tenant == group.institution.tenant
    assert (event.source_model, event.source_id) == ("academics.activity", str(activity.pk))
    flow = {event.correlation_id}
    assert flow == {batch.correlation_id} | {command.correlation_id for command in of_type(SendActivityEmail)}
    (next_command,) = of_type(NotifyTeacher)
    assert (next_command.cause_kind, next_command.cause_id) == ("batch", batch.pk)


def test_an_activity_whose_transaction_is_rolled_back_tells_nobody(group: ClassGroup) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        publish_activity(builders.activity(group))
        raise ZeroDivisionError
    assert run_until_idle() == 0
    assert_emitted(ClassActivityCreated, count=0)
    assert not SentMail.objects.exists()


def test_an_activity_for_an_empty_class_is_told_to_the_teacher_at_once(mail: PostOffice) -> None:
    publish_activity(builders.activity(builders.class_group(builders.institution())))
    run_until_idle()
    assert Batch.objects.get().status == "success"
    assert told() == 1


def test_temporary_refusals_are_retried_and_then_fail_and_the_teacher_is_not_told(group: ClassGroup) -> None:
    MailRefusal.objects.create(share=25)
    refused = refused_students(25)
    assert refused
    publish_activity(builders.activity(group))
    run_until_idle(ignore_due_times=True)
    failed = of_type(SendActivityEmail, status="error")
    assert {command.payload["student_id"] for command in failed} == refused
    retries = SendActivityEmail.__contract__.retry.max_attempts
    for command in failed:
        tries = Attempt.objects.filter(subject_id=command.pk).order_by("number")
        assert [attempt.number for attempt in tries] == list(range(1, retries + 1))
        assert {attempt.error_class.rsplit(".", 1)[-1] for attempt in tries} == {"TemporaryRefusal"}
    assert SentMail.objects.count() == SIZE - len(refused)
    assert Batch.objects.get().status == "error"
    assert told() == 0


def test_a_permanent_refusal_fails_at_once(group: ClassGroup) -> None:
    MailRefusal.objects.create(share=25, reply="permanent")
    publish_activity(builders.activity(group))
    run_until_idle()
    failed = of_type(SendActivityEmail, status="error")
    assert len(failed) == len(refused_students(25)) == Attempt.objects.count()
    assert {command.error_class.rsplit(".", 1)[-1] for command in failed} == {"PermanentRefusal"}


def test_reprocessing_the_failed_heals_the_batch_and_the_teacher_is_told_once(group: ClassGroup) -> None:
    knob = MailRefusal.objects.create(share=25)
    publish_activity(builders.activity(group))
    run_until_idle(ignore_due_times=True)
    knob.share = 0
    knob.save()
    failed = of_type(SendActivityEmail, status="error")
    tally = operations.reprocess_commands([command.pk for command in failed], actor="ana")
    assert tally.changed == len(failed)
    run_until_idle()
    assert Batch.objects.get().status == "success"
    assert SentMail.objects.count() == SIZE
    assert set(SentMail.objects.values_list("copies", flat=True)) == {1}
    assert told() == 1
    again = operations.reprocess_batch(Batch.objects.get().pk, actor="ana")
    run_until_idle()
    assert again.changed == 0 and told() == 1
    assert all(command.status == "error" for command in of_type(SendActivityEmail, pk__in=[c.pk for c in failed]))


def test_a_retried_letter_keeps_its_key(group: ClassGroup) -> None:
    """Whoever is refused first is heard later, and is sent one message."""
    MailRefusal.objects.create(share=100)
    publish_activity(builders.activity(group))
    run_until_idle()
    assert not SentMail.objects.exists()
    MailRefusal.objects.update(share=0)
    run_until_idle(ignore_due_times=True)
    assert SentMail.objects.count() == SIZE
    assert told() == 1
    keys = {mail.message_id[1:].split("@")[0] for mail in SentMail.objects.all()}
    assert keys == {str(command.pk) for command in of_type(SendActivityEmail)}


def test_a_class_without_a_teacher_fails_until_it_has_one(group: ClassGroup) -> None:
    ClassGroup.objects.update(teacher=None)
    publish_activity(builders.activity(group))
    run_until_idle()
    (command,) = of_type(NotifyTeacher)
    assert command.status == "error" and "has no teacher" in command.error
    ClassGroup.objects.update(teacher=builders.teacher(group.institution))
    operations.reprocess_commands([command.pk], actor="ana")
    run_until_idle()
    assert told() == 1


def test_mail_to_a_student_who_left_is_cancelled(group: ClassGroup) -> None:
    MailRefusal.objects.create(share=100)
    publish_activity(builders.activity(group))
    run_until_idle()
    Student.objects.all()[0].delete()
    MailRefusal.objects.update(share=0)
    run_until_idle(ignore_due_times=True)
    (cancelled,) = of_type(SendActivityEmail, status="cancelled")
    assert "the student left" in cancelled.error
    assert_sent(SendActivityEmail, count=SIZE)
