"""Fourth part: the students of ADS enrol, and their classes start."""

from datetime import date

from opsconsole.examples.academics.catalogue.courses import SYSTEMS
from opsconsole.examples.academics.enrolling import close_enrolment, enrol, open_enrolment, release, start
from opsconsole.examples.academics.models import Institution


def seed_enrolments(institution: Institution, *, today: date) -> None:
    """Open an enrolment period, release the classes, enrol everybody, close, start."""
    period = open_enrolment(institution.academic_periods.current(today)[0])
    release(institution.classes.all())
    students = list(institution.students.filter(course_offering__course__name=SYSTEMS))
    for group in institution.classes.all():
        enrol(group.pk, students)
    close_enrolment(period)
    start(institution.classes.all())
