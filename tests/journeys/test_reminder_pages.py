"""The pages of reminders in both themes and at both widths; and an operator who puts one off and fires it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from opsconsole.engine import sequencing
from opsconsole.kernel import clock
from opsconsole.reminders import Timer, operations
from opsconsole.reminders.calls import Call
from opsconsole.reminders.commands import CallBack
from opsconsole.reminders.models import ReminderRow
from opsconsole.reminders.reminder import Reminder
from opsconsole.streams import decide
from opsconsole.streams.following import follow_to_the_end
from tests.journeys.conftest import NARROW, WIDE
from tests.journeys.seeing import walk

ADDRESS = "https://8.8.8.8/a/rather/long/address/that/goes/on/and/on/until/nobody/can/read/it?with=" + "x" * 120


def _defined(**given: Any) -> Reminder:
    return operations.define(**{"address": ADDRESS, "timer": Timer.of(hours=2), **given})


def _followed() -> None:
    sequencing.catch_up()
    follow_to_the_end()


@pytest.fixture
def addresses(site: LiveServer) -> Iterator[list[str]]:
    """Reminders in every condition, one of them with a long history."""
    waiting, soon = _defined(), _defined(timer=Timer.of(minutes=5), tenant="north")
    cancelled, busy = _defined(), _defined()
    operations.cancel(cancelled.identifier, reason="nobody wants it any more")
    operations.fire(busy.identifier, reason="let us see")
    state = operations.find(busy.identifier)
    assert state.scheduled_at
    wanted = CallBack(
        reminder_id=busy.identifier, occasion=state.occasion, scheduled_at=state.scheduled_at, address=ADDRESS
    )
    for number in range(1, 4):
        call = Call(number, clock.now(), 0.25, 503, "<html>" + "busy " * 60, "the address answered 503")
        soon_again = clock.now() + timedelta(seconds=2**number)
        decide(
            Reminder,
            busy.identifier,
            lambda one, call=call, at=soon_again: one.call_failed(wanted, call, at),
        )
    _followed()
    ReminderRow.objects.filter(pk=waiting.identifier).update(scheduled_at=clock.now() - timedelta(hours=1))
    made = (waiting, soon, cancelled, busy)
    yield [
        "/admin/engine/reminders/",
        "/admin/engine/reminders/?condition=failed",
        *(f"/admin/engine/reminders/{one.identifier}/" for one in made),
    ]
    ReminderRow.objects.all().delete()


@pytest.mark.browser
@pytest.mark.timeout(300)
def test_every_page_is_accessible_in_both_themes_and_fits_both_widths(visit: Any, addresses: list[str]) -> None:
    wide: Page = visit(viewport=WIDE, reduced_motion="reduce")
    narrow: Page = visit(viewport=NARROW, reduced_motion="reduce")
    assert walk((wide, narrow), addresses) == []


@pytest.mark.browser
def test_an_operator_puts_one_off_fires_it_and_sees_what_happened(visit: Any, addresses: list[str]) -> None:
    page: Page = visit()
    page.goto("/admin/")
    page.get_by_role("link", name="Reminders").click()
    page.goto(addresses[3])
    page.get_by_label("Hours").fill("7")
    page.get_by_label("Reason").fill("the partner is away")
    page.get_by_role("button", name="Reschedule").click()
    expect(page.get_by_text("It has another time")).to_be_visible()
    expect(page.get_by_text("the partner is away")).to_be_visible()
    page.get_by_role("button", name="Fire now").click()
    expect(page.get_by_text("It is called now")).to_be_visible()
    expect(page.get_by_text("Fired at once")).to_be_visible()
