"""Letters that follow from a person's own events."""

from opsconsole.engine import Cancel, Reacting, Work, handles, reacts_to
from opsconsole.examples.academics.commands import SendResetTokenEmail, SendWelcomeEmail
from opsconsole.examples.academics.configuration import academics_settings
from opsconsole.examples.academics.events import PasswordResetRequested, StudentCreated, TeacherCreated
from opsconsole.examples.academics.letters import reset_letter, welcome_letter
from opsconsole.examples.academics.mailing import deliver
from opsconsole.examples.academics.models import ResetToken, Student, Teacher
from opsconsole.examples.academics.passwords import ResetTokenExpired
from opsconsole.examples.academics.tenancy import refuse_another
from opsconsole.kernel import clock

THREADS = academics_settings().mail_threads


@reacts_to(StudentCreated)
def welcome_the_student(event: StudentCreated, work: Reacting) -> None:
    work.send(SendWelcomeEmail(role="student", person_id=event.student_id))


@reacts_to(TeacherCreated)
def welcome_the_teacher(event: TeacherCreated, work: Reacting) -> None:
    work.send(SendWelcomeEmail(role="teacher", person_id=event.teacher_id))


@reacts_to(PasswordResetRequested)
def send_the_token(event: PasswordResetRequested, work: Reacting) -> None:
    token = ResetToken.objects.get(pk=event.token_id)
    if not token.is_usable(clock.now()):
        raise ResetTokenExpired(f"token {token.pk} was good until {token.expires_at:%Y-%m-%d %H:%M:%S} UTC")
    work.send(SendResetTokenEmail(token_id=token.pk))


@handles(SendWelcomeEmail, atomic=False, threads=THREADS)
def send_welcome_email(command: SendWelcomeEmail, work: Work) -> Cancel | None:
    people: type[Student] | type[Teacher] = Student if command.role == "student" else Teacher
    person = people.objects.select_related("institution").filter(pk=command.person_id).first()
    if person is None:
        return Cancel(f"the {command.role} left")
    refuse_another(person.institution, work)
    deliver(welcome_letter(person), key=work.idempotency_key)
    return None


@handles(SendResetTokenEmail, atomic=False, threads=THREADS)
def send_reset_token_email(command: SendResetTokenEmail, work: Work) -> Cancel | None:
    tokens = ResetToken.objects.select_related("student__institution", "teacher__institution")
    token = tokens.get(pk=command.token_id)
    if not token.is_usable(clock.now()):
        return Cancel("the token ran out before its letter could be sent")
    deliver(reset_letter(token), key=work.idempotency_key)
    return None
