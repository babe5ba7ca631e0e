"""A new activity: the class is notified and sent e-mail; when all of it went out, the teacher is told."""

from opsconsole.engine import Cancel, Reacting, Work, handles, reacts_to
from opsconsole.examples.academics.commands import (
    CreateActivityNotifications,
    NotifyTeacher,
    SendActivityEmail,
)
from opsconsole.examples.academics.configuration import academics_settings
from opsconsole.examples.academics.events import ClassActivityCreated
from opsconsole.examples.academics.letters import activity_letter
from opsconsole.examples.academics.mailing import deliver
from opsconsole.examples.academics.models import Activity, Student
from opsconsole.examples.academics.notifying import notify_of_activity, notify_of_delivery


class NoTeacher(Exception):
    """The class has nobody who could be told; give it a teacher and reprocess."""


@reacts_to(ClassActivityCreated)
def tell_the_class(event: ClassActivityCreated, work: Reacting) -> None:
    work.send(CreateActivityNotifications(activity_id=event.activity_id))


@handles(CreateActivityNotifications)
def create_activity_notifications(command: CreateActivityNotifications, work: Work) -> None:
    activity = _activity(command.activity_id)
    students = list(activity.class_group.students.order_by("pk"))
    notify_of_activity(activity, students)
    work.batch(
        [SendActivityEmail(activity_id=activity.pk, student_id=student.pk) for student in students],
        name="academics.activity_emails",
        on_success=NotifyTeacher(activity_id=activity.pk),
    )
    work.log("notified the class", students=len(students))


@handles(SendActivityEmail, atomic=False, threads=academics_settings().mail_threads)
def send_activity_email(command: SendActivityEmail, work: Work) -> Cancel | None:
    student = Student.objects.select_related("institution").filter(pk=command.student_id).first()
    if student is None:
        return Cancel("the student left")
    deliver(activity_letter(_activity(command.activity_id), student), key=work.idempotency_key)
    return None


@handles(NotifyTeacher)
def notify_teacher(command: NotifyTeacher, work: Work) -> None:
    activity = _activity(command.activity_id)
    teacher = activity.class_group.teacher
    if teacher is None:
        raise NoTeacher(f"{activity.class_group} has no teacher")
    notify_of_delivery(activity, teacher)


def _activity(activity_id: int) -> Activity:
    return Activity.objects.select_related("class_group__discipline", "class_group__teacher").get(pk=activity_id)
