"""A new institution is filled by five commands, each enqueued by the one before it."""

from datetime import UTC, datetime
from itertools import islice

import pytest
from django.db.models import Count

from opsconsole.engine import Command, operations, send
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.testing import assert_emitted, frozen_at, run_until_idle
from opsconsole.examples.academics import commands, events
from opsconsole.examples.academics.catalogue.names import identities
from opsconsole.examples.academics.founding import found_institution
from opsconsole.examples.academics.models import (
    Attendance,
    ClassGroup,
    EnrolmentPeriod,
    Institution,
    Lesson,
    SentMail,
    Teacher,
)
from opsconsole.examples.academics.seeding import chance
from tests.examples.academics import builders
from tests.examples.academics.postoffice import PostOffice

TODAY = datetime(2026, 11, 21, 12, tzinfo=UTC)
STEPS = (
    commands.SeedBasicData,
    commands.SeedUsers,
    commands.SeedClasses,
    commands.SeedEnrolments,
    commands.SeedLessonAttendance,
)
NAMES = [step.__contract__.name for step in STEPS]


def found(name: str = "Universidade Aurora") -> Institution:
    institution = Institution(name=name, slug=Institution.slug_for(name))
    found_institution(institution)
    return institution


@pytest.fixture
def institution(mail: PostOffice) -> Institution:
    with frozen_at(TODAY):
        new = found()
        run_until_idle()
    return new


def test_five_commands_run_in_order_each_caused_by_the_one_before(institution: Institution) -> None:
    event = StoredEvent.objects.get(type="academics.institution_created")
    ran = list(StoredCommand.objects.filter(type__in=NAMES).order_by("id"))
    assert [command.type for command in ran] == NAMES
    assert {command.status for command in ran} == {"success"}
    causes = [(command.cause_kind, command.cause_id) for command in ran]
    assert causes == [("event", event.pk), *(("command", command.pk) for command in ran[:-1])]
    assert {command.correlation_id for command in ran} == {event.correlation_id}
    assert {command.tenant for command in ran} == {institution.tenant}


def test_a_seeded_institution_holds_what_was_promised(institution: Institution) -> None:
    counts = {
        "academic_periods": 4, "campuses": 4, "courses": 9, "disciplines": 92, "curricula": 2,
        "course_offerings": 2, "teachers": 4, "students": 10, "classes": 6, "enrolment_periods": 1,
    }  # fmt: skip
    assert {name: getattr(institution, name).count() for name in counts} == counts
    sizes = institution.curricula.annotate(size=Count("items")).values_list("course__name", "size")
    assert dict(sizes) == {"Direito": 61, "Análise e Desenvolvimento de Sistemas": 31}
    studying = institution.students.values_list("course_offering__course__name").annotate(Count("pk"))
    assert dict(studying) == {"Direito": 4, "Análise e Desenvolvimento de Sistemas": 6}


def test_its_classes_have_started_on_six_different_evenings(institution: Institution) -> None:
    groups = list(ClassGroup.objects.prefetch_related("slots", "enrolments"))
    assert {group.status for group in groups} == {"started"}
    assert {group.vacancies for group in groups} <= {25, 30, 35}
    assert all(group.teacher_id for group in groups)
    (slots,) = zip(*(group.slots.all() for group in groups), strict=True)
    assert {slot.weekday for slot in slots} == {1, 2, 3, 4, 5, 6}
    assert all(slot.starts_at.hour >= 18 for slot in slots)
    assert {group.enrolments.count() for group in groups} == {6}
    assert not EnrolmentPeriod.objects.filter(closed_at__isnull=True).exists()


def test_the_roll_was_called_in_every_lesson_already_past_and_in_no_other(institution: Institution) -> None:
    past = Lesson.objects.filter(held_on__lt=TODAY.date())
    assert past.exists() and Lesson.objects.filter(held_on__gte=TODAY.date()).exists()
    assert set(Attendance.objects.values_list("lesson", flat=True)) == set(past.values_list("pk", flat=True))
    for lesson in past:
        present = lesson.attendances.filter(is_present=True).count()
        assert lesson.attendances.count() == 6 and 3 <= present <= 6


def test_everybody_who_joins_is_welcomed_and_their_events_know_the_command(institution: Institution) -> None:
    assert_emitted(events.TeacherCreated, count=4)
    assert_emitted(events.StudentCreated, count=10)
    seeding = StoredCommand.objects.get(type="academics.seed_users")
    raised = StoredEvent.objects.exclude(type="academics.institution_created")
    assert {(event.cause_kind, event.cause_id) for event in raised} == {("command", seeding.pk)}
    assert SentMail.objects.filter(subject=f"Welcome to {institution.name}").count() == 14


def test_a_step_that_fails_leaves_nothing_and_the_next_one_waits_for_its_reprocessing(
    mail: PostOffice,
) -> None:
    institution = found()
    people = identities(chance(institution, "users"), institution.mail_domain)
    early = builders.teacher(institution, email=next(islice(people, 2, None)).email)
    with frozen_at(TODAY):
        run_until_idle()
        failed = StoredCommand.objects.get(type="academics.seed_users")
        assert failed.status == "error" and "academics_teacher_email" in failed.error
        assert Teacher.objects.count() == 1, "the teachers of the failed step are rolled back"
        assert not StoredCommand.objects.filter(type="academics.seed_classes").exists()
        early.delete()
        operations.reprocess_commands([failed.pk], actor="ana")
        run_until_idle()
    assert institution.classes.filter(status="started").count() == 6
    assert Teacher.objects.count() == 4


def test_institutions_are_seeded_side_by_side(mail: PostOffice) -> None:
    for name in ("Aurora", "Vale Verde", "Serra Azul"):
        found(name)
    run_until_idle()
    assert not StoredCommand.objects.exclude(status="success").exists()
    assert {one.classes.count() for one in Institution.objects.all()} == {6}


@pytest.mark.parametrize("step", STEPS)
def test_nobody_has_the_institution_of_another_one_filled(institution: Institution, step: type[Command]) -> None:
    before = Lesson.objects.count()
    sent = send(step(institution_id=institution.pk), tenant="another")
    run_until_idle()
    stored = StoredCommand.objects.get(pk=sent.id)
    assert (stored.status, stored.error_class.rpartition(".")[2]) == ("error", "OfAnotherInstitution")
    assert Lesson.objects.count() == before
