"""What the academic system is asked to do."""

from typing import Literal
from uuid import UUID

from opsconsole.engine import Command, Delays, Exponential
from opsconsole.examples.academics.configuration import academics_settings
from opsconsole.examples.academics.refusals import PermanentRefusal

_settings = academics_settings()
MAIL_RETRY = Exponential(first=_settings.mail_retry_first, times=_settings.mail_retries, never_on=(PermanentRefusal,))


class SeedBasicData(Command, name="academics.seed_basic_data", heeds_tenant=True):
    institution_id: int


class SeedUsers(Command, name="academics.seed_users", heeds_tenant=True):
    institution_id: int


class SeedClasses(Command, name="academics.seed_classes", heeds_tenant=True):
    institution_id: int


class SeedEnrolments(Command, name="academics.seed_enrolments", heeds_tenant=True):
    institution_id: int


class SeedLessonAttendance(Command, name="academics.seed_lesson_attendance", heeds_tenant=True):
    institution_id: int


class CreateActivityNotifications(Command, name="academics.create_activity_notifications"):
    activity_id: int


class SendActivityEmail(Command, name="academics.send_activity_email", queue="mail", retry=MAIL_RETRY):
    activity_id: int
    student_id: int


class NotifyTeacher(Command, name="academics.notify_teacher"):
    """Tell the teacher that every e-mail about an activity went out."""

    activity_id: int


class CreateNoteNotification(Command, name="academics.create_note_notification"):
    note_id: int


class SendWelcomeEmail(Command, name="academics.send_welcome_email", queue="mail", retry=MAIL_RETRY, heeds_tenant=True):
    role: Literal["student", "teacher"]
    person_id: int


class SendResetTokenEmail(Command, name="academics.send_reset_token_email", queue="mail", retry=MAIL_RETRY):
    token_id: int


class CallWebhook(
    Command, name="academics.call_webhook", queue="webhooks", retry=Delays(after=(60, 300, 1800)), timeout=60
):
    call_id: UUID
