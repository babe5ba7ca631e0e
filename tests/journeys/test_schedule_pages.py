"""The pages of schedules in both themes and at both widths; and an operator who pauses one."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from opsconsole.engine.messages import COMMANDS
from opsconsole.engine.registry import HANDLERS
from opsconsole.kernel import clock
from opsconsole.schedules import Cron, Cycle, Daily, Slot, scheduled
from opsconsole.schedules.declaring import DECLARED
from opsconsole.schedules.models import Run, Schedule
from opsconsole.schedules.testing import begin
from tests.journeys.conftest import NARROW, WIDE
from tests.journeys.seeing import walk
from tests.schedules.past import a_run, a_schedule

DAY = timedelta(days=1)
NAMES = ("tests.books", "tests.every_quarter_of_an_hour", "tests.morning")


@pytest.fixture
def addresses(site: LiveServer) -> Iterator[list[str]]:
    """Schedules in every state, with runs of every outcome."""

    def act(slot: Slot, work: Any) -> None: ...

    scheduled(NAMES[0], Cycle("America/Sao_Paulo"))(act)
    scheduled(NAMES[1], Cron("*/15 * * * MON-FRI", "Asia/Kathmandu"), missed="skip")(act)
    scheduled(NAMES[2], Daily("06:00", "Europe/Lisbon"))(act)
    begin(*NAMES)
    a_schedule("tests.removed_long_ago")
    for number, status in enumerate(("success", "error", "healed", "skipped", "cancelled", "pending")):
        a_run(status, schedule=NAMES[0], at=clock.now() - (6 - number) * DAY, note="Given up by ana" * (number == 3))
    a_run("error", schedule=NAMES[1], left_out=1000)
    a_run("success", schedule=NAMES[2], is_manual=True, asked_by="ana")
    Schedule.objects.filter(pk=NAMES[2]).update(paused_at=clock.now(), paused_by="ana", pause_reason="books " * 12)
    Schedule.objects.filter(pk=NAMES[0]).update(seen_until=clock.now() - 2 * DAY)
    yield ["/admin/engine/schedules/", *(f"/admin/engine/schedules/{row.pk}/" for row in Schedule.objects.all())]
    Run.objects.all().delete()
    Schedule.objects.all().delete()
    for name in NAMES:
        for registry in (DECLARED, COMMANDS, HANDLERS):
            registry.remove(name)


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_every_page_is_accessible_in_both_themes_and_fits_both_widths(visit: Any, addresses: list[str]) -> None:
    wide: Page = visit(viewport=WIDE, reduced_motion="reduce")
    narrow: Page = visit(viewport=NARROW, reduced_motion="reduce")
    assert walk((wide, narrow), addresses) == []


@pytest.mark.browser
def test_an_operator_pauses_a_schedule_with_a_reason_and_sees_it(visit: Any, addresses: list[str]) -> None:
    page: Page = visit()
    page.goto("/admin/")
    page.get_by_role("link", name="Schedules").click()
    page.get_by_role("link", name=NAMES[1]).click()
    page.get_by_label("Reason").fill("the exchange is closed")
    page.get_by_role("button", name="Pause", exact=True).click()
    expect(page.get_by_text("is paused: no slot fires")).to_be_visible()
    expect(page.get_by_text("the exchange is closed", exact=False).first).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("goes on")).to_be_visible()


@pytest.mark.browser
def test_a_list_that_is_looked_at_shows_a_new_run_by_itself(visit: Any, addresses: list[str]) -> None:
    page: Page = visit()
    page.goto("/admin/engine/schedules/")
    a_run("success", schedule="tests.removed_long_ago", slot="2020-02-20")
    expect(page.locator('[id="row-tests.removed_long_ago"] .ops-mark')).to_have_count(1)
