"""A new institution is filled in five steps, each enqueuing the next."""

from opsconsole.engine import Reacting, Work, handles, reacts_to
from opsconsole.examples.academics.commands import (
    SeedBasicData,
    SeedClasses,
    SeedEnrolments,
    SeedLessonAttendance,
    SeedUsers,
)
from opsconsole.examples.academics.events import InstitutionCreated
from opsconsole.examples.academics.models import Institution
from opsconsole.examples.academics.seeding.attendance import seed_lesson_attendance
from opsconsole.examples.academics.seeding.basic_data import seed_basic_data
from opsconsole.examples.academics.seeding.classes import seed_classes
from opsconsole.examples.academics.seeding.enrolments import seed_enrolments
from opsconsole.examples.academics.seeding.users import seed_users
from opsconsole.examples.academics.tenancy import refuse_another
from opsconsole.kernel import clock


@reacts_to(InstitutionCreated)
def fill_the_institution(event: InstitutionCreated, work: Reacting) -> None:
    work.send(SeedBasicData(institution_id=event.institution_id))


@handles(SeedBasicData)
def handle_basic_data(command: SeedBasicData, work: Work) -> None:
    seed_basic_data(_institution(command, work), today=clock.now().date())
    work.send(SeedUsers(institution_id=command.institution_id))


@handles(SeedUsers)
def handle_users(command: SeedUsers, work: Work) -> None:
    seed_users(_institution(command, work), today=clock.now().date())
    work.send(SeedClasses(institution_id=command.institution_id))


@handles(SeedClasses)
def handle_classes(command: SeedClasses, work: Work) -> None:
    seed_classes(_institution(command, work), today=clock.now().date())
    work.send(SeedEnrolments(institution_id=command.institution_id))


@handles(SeedEnrolments)
def handle_enrolments(command: SeedEnrolments, work: Work) -> None:
    seed_enrolments(_institution(command, work), today=clock.now().date())
    work.send(SeedLessonAttendance(institution_id=command.institution_id))


@handles(SeedLessonAttendance)
def handle_lesson_attendance(command: SeedLessonAttendance, work: Work) -> None:
    held = seed_lesson_attendance(_institution(command, work), today=clock.now().date())
    work.log("called the roll", lessons=held)


def _institution(
    command: SeedBasicData | SeedUsers | SeedClasses | SeedEnrolments | SeedLessonAttendance, work: Work
) -> Institution:
    institution = Institution.objects.get(pk=command.institution_id)
    refuse_another(institution, work)
    return institution
