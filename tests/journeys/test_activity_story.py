"""The story of the academic system: an institution is founded, an activity is published, mail is refused, repaired."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from opsconsole.engine.models import Attempt, Batch
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.examples.academics.demonstration.teaching import open_class, transfer_students
from opsconsole.examples.academics.mailsink.refusing import is_refused
from opsconsole.examples.academics.models import (
    ClassGroup,
    Institution,
    NotificationReceipt,
    SentMail,
)
from tests.chaos.site import eventually
from tests.journeys.academy import academy

SIZE, SHARE, TRIES = 300, 12, 3
SEEDING = ("seed_basic_data", "seed_users", "seed_classes", "seed_enrolments", "seed_lesson_attendance")


@pytest.fixture
def console(visit: Any, tmp_path: Path) -> Iterator[Page]:
    """A page of the console, with everything running behind it."""
    page: Page = visit()
    with academy(tmp_path):
        yield page


@pytest.mark.browser
def test_refused_mail_is_repaired_from_the_console_and_the_teacher_is_told_once(console: Page) -> None:
    page = console
    institution = found_an_institution(page)
    see_its_five_commands(page)
    group = a_large_class(institution)
    turn_the_knob(page, SHARE)
    publish_an_activity(page, group)
    refused = {student.pk for student in group.students.all() if is_refused(student.email, SHARE)}
    batch = see_the_batch_fail(page, refused)
    turn_the_knob(page, 0)
    see_the_batch_heal(page, batch)
    assert of_activity(SentMail).count() == SIZE
    assert set(of_activity(SentMail).values_list("copies", flat=True)) == {1}
    assert teacher_was_told() == 1


def found_an_institution(page: Page) -> Institution:
    page.goto("/admin/academics/institution/add/")
    page.get_by_label("Name:").press_sequentially("Universidade do Agreste")
    expect(page.get_by_label("Slug:")).to_have_value("universidade-do-agreste")
    page.locator("[name=_save]").click()
    expect(page.locator(".messagelist")).to_contain_text("was added successfully")
    return Institution.objects.get(slug="universidade-do-agreste")


def see_its_five_commands(page: Page) -> None:
    """From the event to the last command, each a link on the page of the one before."""
    page.goto("/admin/engine/events/?type=academics.institution_created")
    row_of(page, "institution_created").get_by_role("link").first.click()
    for name in SEEDING:
        row = row_of(page, name)  # the page refreshes itself until it is there
        expect(row).to_contain_text("success")
        row.get_by_role("link", name=name).click()
        expect(page.locator("h1")).to_contain_text(name)
    assert ClassGroup.objects.filter(status="started").count() == 6


def a_large_class(institution: Institution) -> ClassGroup:
    random = Random(1)
    return open_class(institution, transfer_students(institution, SIZE, random), random)


def turn_the_knob(page: Page, share: int) -> None:
    page.goto("/admin/academics/mailrefusal/")
    page.get_by_label("Refused share:").fill(str(share))
    page.locator("[name=_save]").click()
    expect(page.locator(".messagelist")).to_contain_text("was changed successfully")


def publish_an_activity(page: Page, group: ClassGroup) -> None:
    page.goto("/admin/academics/activity/add/")
    page.locator(".field-class_group .select2-selection").click()
    page.locator(".select2-search__field").fill(group.code)
    page.locator(".select2-results__option", has_text=group.code).click()
    page.get_by_label("Title:").fill("Seminário")
    page.get_by_label("Due on:").fill("2026-12-01")
    page.locator("[name=_save]").click()
    expect(page.locator(".messagelist")).to_contain_text("was added successfully")


def see_the_batch_fail(page: Page, refused: set[int]) -> Batch:
    eventually(lambda: Batch.objects.filter(size=SIZE).exists(), "the batch")
    batch = Batch.objects.get(size=SIZE)
    page.goto(f"/admin/engine/batches/{batch.pk}/")
    expect(page.locator("main")).to_contain_text(f"{SIZE} of {SIZE} ended", timeout=60_000)
    expect(page.locator(".ops-legend").first).to_contain_text(f"{SIZE - len(refused)} success")
    expect(page.locator(".ops-legend").first).to_contain_text(f"{len(refused)} error")
    expect(row_of(page, "notify_teacher")).to_contain_text("awaiting")
    assert NotificationReceipt.objects.filter(student__isnull=False).count() == SIZE
    failed = StoredCommand.objects.filter(batch_id=batch.pk, status="error")
    assert {command.payload["student_id"] for command in failed} == refused
    assert Attempt.objects.filter(subject_id__in=failed.values("id")).count() == TRIES * len(refused)
    assert teacher_was_told() == 0
    return batch


def see_the_batch_heal(page: Page, batch: Batch) -> None:
    failed = StoredCommand.objects.filter(batch_id=batch.pk, status="error").count()
    page.goto(f"/admin/engine/batches/{batch.pk}/")
    page.get_by_role("button", name="Reprocess failed").click()
    expect(page.locator(".messagelist")).to_contain_text(str(failed))
    expect(page.locator(".ops-title-facts")).to_contain_text("success", timeout=60_000)
    expect(row_of(page, "notify_teacher")).to_contain_text("success")


def row_of(page: Page, name: str) -> Locator:
    return page.locator(".ops-table tbody tr", has_text=name).first


def of_activity(model: type[SentMail]) -> Any:
    return model.objects.filter(subject__endswith="Seminário")


def teacher_was_told() -> int:
    return NotificationReceipt.objects.filter(teacher__isnull=False).count()
