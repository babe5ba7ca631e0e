"""An operator at work: finding, choosing, acting, while the page refreshes itself beneath."""

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from opsconsole.engine.models import Attempt, Command
from opsconsole.kernel import clock
from tests.journeys.conftest import NARROW
from tests.past import a_command, ago, an_event, caused_by

pytestmark = pytest.mark.browser

COMMANDS = "/admin/engine/commands/"


def row_of(page: Page, command: Command) -> Locator:
    return page.locator(f"#row-{command.pk}")


def let_it_refresh(page: Page) -> None:
    """Wait until the page has asked once more and shown what it was told."""
    with page.expect_response(lambda response: "hx-request" in response.request.headers, timeout=20_000):
        pass


def test_a_list_shows_what_changes_without_being_asked(visit: Any) -> None:
    command = a_command("pending")
    page: Page = visit()
    page.goto(COMMANDS)
    expect(row_of(page, command).locator(".ops-badge")).to_have_text("pending")
    Command.objects.filter(pk=command.pk).update(status="cancelled")
    newer = a_command("error")
    expect(row_of(page, command).locator(".ops-badge")).to_have_text("cancelled")
    expect(row_of(page, newer)).to_be_visible()
    expect(page.locator("#total-pending .ops-total-number")).to_have_text("0")


def test_refreshing_takes_neither_focus_nor_scroll_nor_what_is_open(visit: Any) -> None:
    command = a_command("error", error="no", error_class="Refused", payload={"text": "word " * 2_000})
    for number in (1, 2, 3):
        Attempt.objects.create(
            subject_kind="command", subject_id=command.pk, type=command.type, number=number, outcome="retry",
            ended_at=clock.now(), traceback="File handlers.py\n" * 40,
        )  # fmt: skip
    page: Page = visit()
    page.goto(f"{COMMANDS}{command.pk}/")
    tries = page.locator(".ops-attempt")
    tries.nth(2).locator("summary").click()
    page.locator("#data summary").click()
    tries.nth(1).locator("summary").focus()
    page.evaluate("window.scrollTo(0, 300)")
    a_command("success", **caused_by(command, "reprocess"))
    expect(page.locator("#reprocessings-title")).to_be_visible()
    assert page.evaluate("document.activeElement.closest('details').id") == tries.nth(1).get_attribute("id")
    assert page.locator("#data").evaluate("fold => fold.open") is False
    assert tries.nth(2).evaluate("fold => fold.open") is True
    assert page.evaluate("window.scrollY") == 300


def test_nothing_is_refreshed_while_rows_are_chosen_and_it_goes_on_afterwards(visit: Any) -> None:
    chosen = a_command("pending")
    page: Page = visit()
    page.goto(COMMANDS)
    row_of(page, chosen).locator("input").check()
    expect(page.locator("[data-live-text]")).to_contain_text("held: 1 selected")
    newer = a_command("error")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "hx-request" in request.headers else None)
    expect(page.locator("[data-live-text]")).to_contain_text(re.compile(r"Updated ([6-9]|\d\d) s ago"))
    assert asked == []
    page.locator("[data-clear-selection]").click()
    expect(row_of(page, newer)).to_be_visible()


def test_updates_can_be_paused_and_resumed(visit: Any) -> None:
    page: Page = visit()
    page.goto(COMMANDS)
    toggle = page.locator("[data-live-toggle]")
    toggle.click()
    expect(page.locator("[data-live-text]")).to_contain_text("paused")
    expect(toggle).to_have_attribute("aria-pressed", "true")
    newer = a_command("error")
    toggle.click()
    expect(row_of(page, newer)).to_be_visible()


def test_what_is_typed_into_a_filter_stays(visit: Any) -> None:
    page: Page = visit()
    page.goto(COMMANDS)
    box = page.locator("[name=correlation]")
    box.fill("01a1")
    expect(page.locator("[data-live-text]")).to_contain_text("editing")
    page.locator("h1").click()
    let_it_refresh(page)
    expect(box).to_have_value("01a1")


def test_a_page_whose_session_ended_says_so_and_shows_no_login_form_inside(visit: Any) -> None:
    page: Page = visit()
    page.goto(COMMANDS)
    page.context.clear_cookies()
    expect(page.locator("[data-live-text]")).to_contain_text("Signed out")
    expect(page.locator("#login-form")).to_have_count(0)


def test_failed_commands_are_chosen_and_reprocessed(visit: Any) -> None:
    failed = [a_command("error", at=ago(timedelta(seconds=number))) for number in range(3)]
    fine = a_command("success")
    page: Page = visit()
    page.goto(COMMANDS)
    bar = page.locator("[data-selection]")
    expect(bar).to_be_hidden()
    page.locator("[data-check-all]").check()
    expect(bar.locator("[data-selection-count]")).to_have_text("4 selected")
    row_of(page, failed[2]).locator("input").uncheck()
    bar.get_by_role("button", name="Reprocess").click()
    message = page.locator(".messagelist")
    expect(message).to_contain_text("2 commands sent again")
    expect(message).to_contain_text("1 skipped: it is success, neither failed nor cancelled")
    assert {row.cause_id for row in Command.objects.filter(cause_kind="reprocess")} == {row.pk for row in failed[:2]}
    message.get_by_role("link").first.click()
    expect(page.locator(".ops-aside")).to_contain_text("Reprocessing of")
    assert Command.objects.get(pk=fine.pk).status == "success"


def test_cancelling_all_that_match_asks_shows_the_filter_and_keeps_the_reason(visit: Any) -> None:
    for _ in range(3):
        a_command("pending", type="tests.act", not_before=clock.now() + timedelta(hours=1))
    other = a_command("pending", type="tests.other", not_before=clock.now() + timedelta(hours=1))
    page: Page = visit()
    page.goto(f"{COMMANDS}?status=pending")
    page.get_by_label("Type").select_option("tests.act")
    page.wait_for_url("**type=tests.act**")
    page.locator("[data-check-all]").check()
    page.get_by_label("all 3 that match").check()
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("h1")).to_have_text("Cancel: 3 commands?")
    expect(page.locator(".ops-chips")).to_contain_text("tests.act")
    page.get_by_label("Reason").fill("wrong class")
    page.get_by_role("button", name="Cancel: 3 commands").click()
    expect(page.locator(".messagelist")).to_contain_text("3 commands cancelled")
    assert "type=tests.act" in page.url, "one is back where the button was"
    assert Command.objects.filter(status="cancelled", error__contains="wrong class").count() == 3
    assert Command.objects.get(pk=other.pk).status == "pending"


def test_one_button_of_a_detail_acts_on_the_one_row(visit: Any) -> None:
    command = a_command("error")
    page: Page = visit()
    page.goto(f"{COMMANDS}{command.pk}/")
    off = page.get_by_role("button", name="Run now")
    expect(off).to_have_attribute("aria-disabled", "true")
    off.click(force=True)
    page.get_by_role("button", name="Reprocess", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("1 command sent again")
    expect(page.locator("#reprocessings-title")).to_be_visible()


def test_an_id_is_copied_whole(visit: Any) -> None:
    command = a_command()
    page: Page = visit()
    page.goto(COMMANDS)
    row_of(page, command).locator(".ops-id").click()
    expect(row_of(page, command).locator(".ops-id")).to_have_class(re.compile("is-copied"))
    assert page.evaluate("navigator.clipboard.readText()") == str(command.pk)


def test_a_slash_leads_to_the_search_box_and_any_id_to_its_page(visit: Any) -> None:
    event = an_event()
    page: Page = visit()
    page.goto(COMMANDS)
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type(str(event.pk))
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("tests.happened")


def test_the_theme_is_switched_and_kept(visit: Any) -> None:
    page: Page = visit(color_scheme="light")
    page.goto(COMMANDS)
    grounds = []
    for _ in range(2):
        grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        page.locator(".theme-toggle").click()
    assert grounds[0] != grounds[1]
    page.goto("/admin/engine/events/")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"


def test_on_a_telephone_the_rail_opens_and_closes(visit: Any) -> None:
    page: Page = visit(viewport=NARROW)
    page.goto(COMMANDS)
    link = page.locator("#ops-rail").get_by_role("link", name="Events")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Navigation").click()
    expect(link).to_be_visible()
    page.keyboard.press("Escape")
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Navigation").click()
    link.click()
    page.wait_for_url("**/events/")


def test_on_a_telephone_filters_are_folded_until_wanted(visit: Any) -> None:
    page: Page = visit(viewport=NARROW)
    page.goto(COMMANDS)
    expect(page.get_by_label("Status")).to_be_hidden()
    page.locator(".ops-filters summary").click()
    page.get_by_label("Status").select_option("error")
    page.wait_for_url("**status=error**")
