"""What the academic system remembers."""

from opsconsole.examples.academics.models.activity import Activity
from opsconsole.examples.academics.models.classgroup import ClassGroup, ScheduleSlot
from opsconsole.examples.academics.models.course import (
    Course,
    CourseOffering,
    Curriculum,
    CurriculumDiscipline,
    Discipline,
)
from opsconsole.examples.academics.models.enrolment import ClassEnrolment, Note
from opsconsole.examples.academics.models.institution import Campus, Institution
from opsconsole.examples.academics.models.lesson import Attendance, Lesson
from opsconsole.examples.academics.models.mail import MailRefusal, SentMail
from opsconsole.examples.academics.models.notification import Notification, NotificationReceipt
from opsconsole.examples.academics.models.people import Student, Teacher
from opsconsole.examples.academics.models.period import AcademicPeriod, EnrolmentPeriod
from opsconsole.examples.academics.models.resettoken import ResetToken
from opsconsole.examples.academics.models.webhook import WebhookAttempt, WebhookCall, WebhookSubscription

__all__ = [
    "AcademicPeriod", "Activity", "Attendance", "Campus", "ClassEnrolment", "ClassGroup", "Course",
    "CourseOffering", "Curriculum", "CurriculumDiscipline", "Discipline", "EnrolmentPeriod", "Institution",
    "Lesson", "MailRefusal", "Note", "Notification", "NotificationReceipt", "ResetToken", "ScheduleSlot",
    "SentMail", "Student", "Teacher", "WebhookAttempt", "WebhookCall", "WebhookSubscription",
]  # fmt: skip
