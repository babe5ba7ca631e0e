"""What the letters say."""

from opsconsole.examples.academics.mailing import Letter
from opsconsole.examples.academics.models import Activity, ResetToken, Student, Teacher

Person = Student | Teacher


def activity_letter(activity: Activity, student: Student) -> Letter:
    group = activity.class_group
    return _letter(
        student,
        f"{group.discipline.name}: {activity.title}",
        f"A new activity was published in {group.discipline.name} ({group.code}).\n\n"
        f"{activity.title} ({activity.get_kind_display()})\n{activity.description}\n\n"
        f"It is due on {activity.due_on:%d/%m/%Y} and counts for {activity.weight} % of {activity.unit}.",
    )


def welcome_letter(person: Person) -> Letter:
    institution = person.institution
    role = "teach" if isinstance(person, Teacher) else "study"
    return _letter(
        person,
        f"Welcome to {institution.name}",
        f"We are glad that you will {role} with us. Your account is ready: sign in with {person.email}.",
    )


def reset_letter(token: ResetToken) -> Letter:
    person = token.person
    address = f"https://{person.institution.mail_domain}/password/{token.token}"
    return _letter(
        person,
        "Choose a new password",
        f"Somebody, we hope you, asked for a new password. Choose it here:\n\n{address}\n\n"
        f"The link works once, until {token.expires_at:%d/%m/%Y %H:%M} UTC.",
    )


def _letter(person: Person, subject: str, text: str) -> Letter:
    institution = person.institution
    body = f"Dear {person.first_name},\n\n{text}\n\n{institution.name}\n"
    return Letter(to=person.email, subject=subject, body=body, domain=institution.mail_domain)
