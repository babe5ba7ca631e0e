"""The pages of reminders: what they say, where they lead, and who may do what."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.admin.models import LogEntry
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from opsconsole.console.middleware import POLICY
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.testing import run_until_idle
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7
from opsconsole.reminders import Timer, operations, queries
from opsconsole.reminders.models import ReminderRow
from opsconsole.reminders.offers import ACTS
from tests.console.visitors import Page, an_operator, look, somebody, told
from tests.reminders.receiver import Receiver, saying

pytestmark = pytest.mark.django_db(transaction=True)

LIST = reverse("admin:ops_reminders")
VIEW = "ops_reminders.view_reminder"
HOUR = timedelta(hours=1)
ADDRESS = "https://8.8.8.8/inbox?<b>"


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    cache.clear()


@pytest.fixture
def operator() -> Client:
    return an_operator()


def defined(**given: Any) -> UUID:
    identifier = operations.define(**{"address": ADDRESS, "timer": Timer.of(hours=2), **given}).identifier
    run_until_idle()
    return identifier


def detail(identifier: UUID) -> str:
    return reverse("admin:ops_reminder", args=[identifier])


def press(client: Client, identifier: UUID, action: str, **given: str) -> str:
    url = reverse("admin:ops_reminder_act", args=[identifier])
    return told(client, url, {"action": action, **given})


class TestList:
    def test_without_any_it_says_how_to_make_one(self, operator: Client):
        assert "POST /api/v1/reminders" in look(operator, LIST).text

    def test_it_is_in_the_rail(self, operator: Client):
        assert LIST in look(operator, reverse("admin:index")).links

    def test_each_condition_has_its_own_and_all_have_all(self, operator: Client):
        made = {"active": defined(), "soon": defined(timer=Timer.of(minutes=5)), "due": defined()}
        made |= {name: defined() for name in ("cancelled", "late", "retrying", "failed")}
        operations.cancel(made["cancelled"])
        run_until_idle()
        past = clock.now() - HOUR
        ReminderRow.objects.filter(pk=made["late"]).update(scheduled_at=past)
        ReminderRow.objects.filter(pk=made["due"]).update(scheduled_at=clock.now() - timedelta(seconds=1))
        again = {"scheduled_at": past + timedelta(minutes=1), "attempts": 2, "next_try_at": clock.now() + HOUR}
        ReminderRow.objects.filter(pk=made["retrying"]).update(**again)
        ReminderRow.objects.filter(pk=made["failed"]).update(status="Failed")
        for name, identifier in made.items():
            page = look(operator, f"{LIST}?condition={name}")
            expected = [str(identifier)]
            if name == "active":
                expected = [str(made[one]) for one in ("late", "retrying", "due", "soon", "active")]
            assert page.rows() == expected, name
            word = {"soon": "due soon", "due": "due now"}.get(name, name)
            assert f"row-{identifier}" in str(page.elements) and word in page.text.lower()
        assert len(look(operator, LIST).rows()) == 7

    def test_one_is_late_when_nothing_has_come_of_a_call_or_a_retry_that_should_have_ended(self, operator: Client):
        called, late, retried = defined(), defined(), defined()
        long_ago = clock.now() - HOUR
        ReminderRow.objects.filter(pk=called).update(scheduled_at=clock.now() - timedelta(seconds=8))
        ReminderRow.objects.filter(pk=late).update(scheduled_at=clock.now() - timedelta(seconds=30))
        ReminderRow.objects.filter(pk=retried).update(scheduled_at=long_ago, attempts=1, next_try_at=long_ago)
        assert set(look(operator, f"{LIST}?condition=late").rows()) == {str(late), str(retried)}
        assert look(operator, f"{LIST}?condition=retrying").rows() == []
        assert "2 reminders are late" in look(operator, reverse("admin:index")).text

    def test_it_goes_on_page_by_page(self, operator: Client, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(queries, "PAGE", 2)
        made = [str(defined(timer=Timer.of(hours=hours))) for hours in (5, 4, 3, 2, 6)]
        for address, expected in (("", made[::-1]), ("?condition=active", [made[n] for n in (3, 2, 1, 0, 4)])):
            found, url = [], LIST + address
            while url:
                page = look(operator, url)
                found += page.rows()
                following = [at["href"] for at in page.having("rel", "next")]
                url = LIST + following[0] if following else ""
            assert found == expected

    def test_it_can_be_narrowed_to_a_tenant(self, operator: Client):
        mine, _ = defined(tenant="north"), defined(tenant="south")
        assert look(operator, f"{LIST}?tenant=north").rows() == [str(mine)]

    def test_nonsense_in_the_address_is_named(self, operator: Client):
        assert "is not one of" in look(operator, f"{LIST}?condition=lost&before=x").text


class TestDetail:
    def test_it_tells_everything_that_happened_and_every_call(self, operator: Client, receiver: Receiver):
        receiver.answer(saying(503, b"<i>busy</i>"))
        identifier = defined(address=receiver.url, timer=Timer.of(seconds=5))
        operations.fire(identifier, reason="at once")
        run_until_idle()
        page = look(operator, detail(identifier))
        for words in ("Defined", "in 5.00 s", "Fired at once", "at once", "Elapsed", "Call failed", "<i>busy</i>"):
            assert words in page.text
        assert "try 1: the address answered 503" in page.text and "retrying" in page.text
        assert not page.inline_scripts
        assert reverse("admin:ops_reminders") in page.links

    def test_it_shows_what_it_was_after_any_event(self, operator: Client):
        identifier = defined()
        operations.snooze(identifier, Timer.of(hours=5))
        operations.cancel(identifier)
        assert "State after version 3" in look(operator, detail(identifier)).text
        page = look(operator, f"{detail(identifier)}?version=1")
        assert "State after version 1" in page.text and '"Active"' in page.text
        assert "State after version 3" in look(operator, f"{detail(identifier)}?version=99").text

    def test_it_is_right_at_once_although_the_list_may_be_behind(self, operator: Client):
        identifier = operations.define(address=ADDRESS, timer=Timer.of(hours=2)).identifier
        assert "due soon" not in look(operator, detail(identifier)).text
        assert not ReminderRow.objects.exists()

    def test_there_may_be_none(self, operator: Client):
        assert "There is no reminder" in look(operator, detail(uuid7()), status=404).text

    def test_one_that_cannot_be_read_says_so_and_leads_to_its_stream(self, operator: Client):
        identifier = defined()
        StoredEvent.objects.filter(stream=f"reminder-{identifier}").update(schema_version=99)
        page = look(operator, detail(identifier), status=409)
        assert "stored as version 99" in page.text
        assert any(f"reminder-{identifier}" in link for link in page.links)
        url = reverse("admin:ops_reminder_act", args=[identifier])
        assert operator.post(url, {"action": "cancel"}).status_code == 302

    def test_the_live_part_alone_is_sent_and_nothing_when_nothing_has_changed(self, operator: Client):
        url = detail(defined())
        first = operator.get(url, headers={"HX-Target": "live"})
        assert b"<html" not in first.content
        again = operator.get(url, headers={"HX-Target": "live", "X-Ops-Version": first.headers["X-Ops-Version"]})
        assert again.status_code == 204

    def test_the_policy_allows_nothing_inline(self, operator: Client):
        response = operator.get(detail(defined()))
        assert response.headers["Content-Security-Policy"] == POLICY
        assert ADDRESS not in response.content.decode(), "escaped"


class TestActions:
    def test_another_time(self, operator: Client):
        identifier = defined()
        assert "It has another time" in press(operator, identifier, "reschedule", hours="5", reason="later")
        reminder = operations.find(identifier)
        assert reminder.scheduled_at and timedelta(hours=4.9) < reminder.scheduled_at - clock.now() <= 5 * HOUR
        assert LogEntry.objects.get().change_message == "Reschedule; reason: later"
        assert LogEntry.objects.get().object_id == str(identifier)

    @pytest.mark.parametrize("given", [{}, {"hours": "x"}, {"hours": "-1"}, {"minutes": "65536"}, {"seconds": "²"}])
    def test_a_time_that_is_none_changes_nothing(self, operator: Client, given: dict[str, str]):
        identifier = defined()
        assert "Nothing was done" in press(operator, identifier, "reschedule", **given)
        assert operations.find(identifier).version == 1 and not LogEntry.objects.exists()

    def test_firing_and_cancelling(self, operator: Client):
        fired, cancelled = defined(), defined()
        assert "It is called now" in press(operator, fired, "fire")
        assert "It is not called any more" in press(operator, cancelled, "cancel", reason="enough")
        assert operations.find(fired).version == 2
        assert operations.find(cancelled).status == "Cancelled"
        assert "it is cancelled" in press(operator, cancelled, "fire")

    def test_of_one_that_has_ended_no_button_can_be_pressed(self, operator: Client):
        identifier = defined()
        operations.cancel(identifier)
        page = look(operator, detail(identifier))
        assert {at["data-reason"] for at in page.having("data-reason")} == {"It is cancelled."}

    def test_one_that_is_being_called_cannot_be_fired(self, operator: Client):
        identifier = defined(timer=Timer.of(seconds=1))
        with clock.freeze(clock.now() + HOUR):
            page = look(operator, detail(identifier))
            (reason,) = {at["data-reason"] for at in page.having("data-reason")}
            assert reason == "It is due: it is called as soon as a worker is free, if not just now."
            assert "Nothing was done: it is due, and is called as soon as" in press(operator, identifier, "fire")
        assert operations.find(identifier).version == 1

    def test_unknown_ones_and_unknown_actions_are_told(self, operator: Client):
        assert "There is no such action" in press(operator, defined(), "explode")
        url = reverse("admin:ops_reminder_act", args=[uuid7()])
        assert operator.post(url, {"action": "fire"}).status_code == 302
        assert operator.get(url).status_code == 405

    @pytest.mark.parametrize("name", ACTS)
    def test_each_needs_its_own_permission_on_the_server(self, name: str):
        identifier = defined()
        others = [act.permission for act in ACTS.values() if act.name != name]
        client = somebody(VIEW, *others)
        url = reverse("admin:ops_reminder_act", args=[identifier])
        answer = client.post(url, {"action": name, "hours": "1"})
        assert answer.status_code == 403 and ACTS[name].permission in answer.content.decode()
        assert operations.find(identifier).version == 1
        reasons = {at["data-reason"] for at in look(client, detail(identifier)).having("data-reason")}
        assert reasons == {f"Needs the permission {ACTS[name].permission}."}

    def test_without_the_permission_to_view_nothing_is_shown(self):
        identifier = defined()
        client = somebody("view_event")
        for url in (LIST, detail(identifier)):
            assert client.get(url).status_code == 403
        assert LIST not in look(client, reverse("admin:index")).links


class TestElsewhere:
    def test_the_overview_tells_of_late_ones(self, operator: Client):
        identifier = defined()
        assert "is late" not in Page(operator.get(reverse("admin:index")).content.decode()).text
        ReminderRow.objects.filter(pk=identifier).update(scheduled_at=clock.now() - HOUR)
        cache.clear()
        page = look(operator, reverse("admin:index"))
        assert "1 reminder is late" in page.text and f"{LIST}?condition=late" in page.links

    def test_the_search_finds_one_by_its_id(self, operator: Client):
        identifier = defined()
        answer = operator.get(reverse("admin:ops_search"), {"q": str(identifier)})
        assert answer.status_code == 302 and answer.url == detail(identifier)
