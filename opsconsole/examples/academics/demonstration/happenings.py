"""What happens by itself in the demonstration, most of it good, some of it not."""

from datetime import timedelta
from decimal import Decimal
from random import Random

from django.db.models import Count

from opsconsole.examples.academics.admitting import admit_student, next_registration
from opsconsole.examples.academics.catalogue.institutions import INSTITUTIONS
from opsconsole.examples.academics.catalogue.names import identities
from opsconsole.examples.academics.demonstration.teaching import invent_activity, open_class
from opsconsole.examples.academics.founding import found_institution
from opsconsole.examples.academics.grading import record_note
from opsconsole.examples.academics.mailsink.refusing import NOWHERE
from opsconsole.examples.academics.models import ClassEnrolment, ClassGroup, Institution, Note, Student
from opsconsole.examples.academics.models.classgroup import STARTED
from opsconsole.examples.academics.models.enrolment import Unit
from opsconsole.examples.academics.passwords import request_reset
from opsconsole.examples.academics.publishing import publish_activity
from opsconsole.examples.trickling import Happening
from opsconsole.kernel import clock

CLASS_SIZES = (6, 30)


def found_next_institution(random: Random) -> None:
    taken = set(Institution.objects.values_list("name", flat=True))
    name = next((name for name in INSTITUTIONS if name not in taken), None)
    if name is not None:
        found_institution(Institution(name=name, slug=Institution.slug_for(name)))


def publish_something(random: Random) -> None:
    group = _started_class(random)
    if group is not None:
        publish_activity(invent_activity(group, random))


def give_a_note(random: Random) -> None:
    ungraded = ClassEnrolment.objects.annotate(given=Count("notes")).filter(given__lt=len(Unit))
    enrolment = ungraded.order_by("?").first()
    if enrolment is not None:
        given = set(enrolment.notes.values_list("unit", flat=True))
        unit = next(unit for unit in Unit.values if unit not in given)
        value = Decimal(random.randint(35, 100)) / 10
        record_note(Note(enrolment=enrolment, unit=unit, value=value))


def admit_somebody(random: Random) -> None:
    _admit(random, domain=None)


def admit_somebody_with_a_wrong_address(random: Random) -> None:
    _admit(random, domain=NOWHERE)


def open_a_class(random: Random) -> None:
    institution = _ready_institution(random)
    if institution is not None:
        everybody = list(institution.students.all())
        size = min(random.randint(*CLASS_SIZES), len(everybody))
        open_class(institution, random.sample(everybody, size), random)


def forget_a_password(random: Random) -> None:
    _forget(timedelta(hours=2))


def forget_a_password_too_late(random: Random) -> None:
    """The token runs out before anybody can react to it."""
    _forget(timedelta(microseconds=1))


def lose_or_find_a_teacher(random: Random) -> None:
    """A class without a teacher: its activities reach the students, and then nobody can be told."""
    orphan = ClassGroup.objects.filter(teacher__isnull=True).first()
    group = orphan or _started_class(random)
    if group is not None:
        group.teacher = random.choice(list(group.institution.teachers.all())) if orphan else None
        group.save(update_fields=["teacher"])


HAPPENINGS = (
    Happening(0.7, found_next_institution),
    Happening(5.0, publish_something),
    Happening(7.0, give_a_note),
    Happening(2.0, admit_somebody),
    Happening(0.3, open_a_class),
    Happening(1.0, forget_a_password),
    Happening(0.2, admit_somebody_with_a_wrong_address),
    Happening(0.2, forget_a_password_too_late),
    Happening(0.1, lose_or_find_a_teacher),
)


def _started_class(random: Random) -> ClassGroup | None:
    """Of a random institution, so that old and young ones are equally busy."""
    institution = _ready_institution(random)
    if institution is None:
        return None
    return institution.classes.filter(status=STARTED).order_by("?").first()


def _ready_institution(random: Random) -> Institution | None:
    ready = list(Institution.objects.filter(classes__status=STARTED).distinct())
    return random.choice(ready) if ready else None


def _admit(random: Random, domain: str | None) -> None:
    institution = _ready_institution(random)
    if institution is None:
        return
    offering = random.choice(list(institution.course_offerings.all()))
    taken = set(institution.students.values_list("email", flat=True))
    name, email = next(identities(random, domain or institution.mail_domain, taken=taken))
    number = next_registration(institution.pk, clock.now().year)
    admit_student(
        Student(institution=institution, course_offering=offering, name=name, email=email, registration=number)
    )


def _forget(valid_for: timedelta) -> None:
    student = Student.objects.select_related("institution").order_by("?").first()
    if student is not None:
        request_reset(student, valid_for=valid_for)
