"""Put notifications into inboxes."""

from collections.abc import Iterable

from opsconsole.examples.academics.models import (
    Activity,
    Note,
    Notification,
    NotificationReceipt,
    Student,
    Teacher,
)


def notify_of_activity(activity: Activity, students: Iterable[Student]) -> int:
    """Tell the students about a new activity; returns how many were told."""
    group = activity.class_group
    notification = Notification.objects.create(
        institution_id=group.institution_id,
        activity=activity,
        title=f"New activity: {activity.title}"[:160],
        body=f"{group.discipline.name}, due on {activity.due_on:%d/%m/%Y}.",
    )
    receipts = [NotificationReceipt(notification=notification, student=student) for student in students]
    return len(NotificationReceipt.objects.bulk_create(receipts))


def notify_of_delivery(activity: Activity, teacher: Teacher) -> None:
    """Tell the teacher that the whole class got the e-mail about an activity."""
    notification = Notification.objects.create(
        institution_id=teacher.institution_id,
        activity=activity,
        title=f"Everybody was told: {activity.title}"[:160],
        body=f"Every student of {activity.class_group.code} was sent an e-mail about it.",
    )
    NotificationReceipt.objects.create(notification=notification, teacher=teacher)


def notify_of_note(note: Note) -> None:
    """Tell the student about a new note."""
    enrolment = note.enrolment
    notification = Notification.objects.create(
        institution_id=enrolment.class_group.institution_id,
        note=note,
        title=f"{enrolment.class_group.discipline.name}: your {note.unit} is {note.value}"[:160],
    )
    NotificationReceipt.objects.create(notification=notification, student=enrolment.student)
