"""Subscriptions: what stopped goes first; each thing an operator does is guarded, kept and told truly."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from opsconsole.console.streams.offers import ACTS
from opsconsole.engine.models import Command, Sequencer
from opsconsole.engine.testing import run_until_idle
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7
from opsconsole.streams import duties, shadows
from opsconsole.streams.followers import FOLLOWERS
from opsconsole.streams.following import follow_to_the_end
from opsconsole.streams.models import ParkedEvent, SkippedEvent, Subscription
from opsconsole.streams.projectors import RowProjector, projects
from opsconsole.streams.queries import subscriptions
from opsconsole.streams.subscribing import subscribes
from tests.console.visitors import logged_in, look, somebody, told
from tests.handlers_app.models import Tally
from tests.past import ago, an_event
from tests.streams.readers import Counted, happen

pytestmark = pytest.mark.django_db

LIST = reverse("admin:ops_subscriptions")
ACT = reverse("admin:ops_subscription_act")
VIEW = "ops_streams.view_subscription"
NAME = "tests.seen"
PERMISSIONS = sorted({act.permission for act in ACTS.values()})


class Bad(Exception):
    """What the subscription of these tests raises."""


@pytest.fixture(autouse=True)
def bad(db: None) -> Iterator[set[int]]:
    """Only the subscriptions of this test are declared: tests.seen, to which these numbers are bad, and a projection."""
    kept = dict(FOLLOWERS._items)
    FOLLOWERS._items.clear()
    Subscription.objects.all().delete()
    numbers: set[int] = set()

    @subscribes(NAME, to=[Counted], on_failure="stop")
    def see(event: Counted, following: Any) -> None:
        if event.number in numbers:
            raise Bad(f"{event.number} is bad")

    class Tallies(RowProjector, name="tests.tallied", models=[Tally], page=2):
        @projects(Counted, row=lambda event: event.key)
        def counted(self, row: Any, event: Counted, recorded: Any) -> None:
            row.total += event.number

    yield numbers
    FOLLOWERS._items.clear()
    FOLLOWERS._items.update(kept)


def url_of(name: str = NAME) -> str:
    return reverse("admin:ops_subscription", args=[name])


def a_subscription(name: str = NAME, **columns: Any) -> Subscription:
    return Subscription.objects.create(name=name, **{"kind": "subscription", "position": 0, **columns})


def stopped(name: str = NAME, position: int = 7, **columns: Any) -> Subscription:
    failure = {"failed_position": position, "failed_at": clock.now(), "error_class": "Bad", "error": "7 is bad"}
    return a_subscription(name, **{"status": "stopped", "position": position - 1, **failure, **columns})


def the_log_ends_at(position: int) -> None:
    Sequencer.objects.update_or_create(id=1, defaults={"position": position})


def act(client: Client, action: str, name: str = NAME, **data: Any) -> str:
    return told(client, ACT, {"name": name, "action": action, **data})


def state(name: str = NAME) -> Subscription:
    return Subscription.objects.get(name=name)


class TestList:
    def test_without_any_it_says_how_to_make_one(self, operator: Client) -> None:
        FOLLOWERS._items.clear()
        assert "every function under @subscribes" in look(operator, LIST).text

    def test_the_rail_leads_there(self, operator: Client) -> None:
        assert LIST in look(operator, reverse("admin:index")).links

    def test_what_wants_to_be_seen_goes_first(self, operator: Client) -> None:
        the_log_ends_at(9)
        a_subscription(position=9)
        a_subscription("tests.tallied", position=4)
        stopped("tests.zz")
        a_subscription("tests.rests", status="paused", paused_by="ben", reason="the server moves")
        FOLLOWERS.add("tests.zz", FOLLOWERS.get(NAME))
        FOLLOWERS.add("tests.rests", FOLLOWERS.get(NAME))
        page = look(operator, LIST)
        assert page.rows() == ["tests.zz", "tests.tallied", "tests.rests", NAME]
        assert "Bad at 7: 7 is bad" in page.text and "by ben: the server moves" in page.text

    def test_how_far_behind_in_events_and_in_time(self, operator: Client) -> None:
        the_log_ends_at(1_234)
        a_subscription(position=4, rate=250.0, worker="host:7", seen_at=clock.now(), parked=3)
        an_event(position=5, at=ago(timedelta(minutes=2)))
        text = look(operator, LIST).text
        assert (
            "catching up" in text and "1,230" in text and "2 min ago" in text and "250/s" in text and "host:7" in text
        )

    def test_one_that_no_code_answers_to_says_so(self, operator: Client) -> None:
        a_subscription("tests.of_old")
        assert "no code" in look(operator, LIST).text
        assert "No code here answers to “tests.of_old”" in look(operator, url_of("tests.of_old")).text

    def test_one_that_no_dispatcher_has_seen_says_so(self, operator: Client) -> None:
        assert "not begun" in look(operator, LIST).text
        assert "No dispatcher has seen it yet" in look(operator, url_of()).text

    def test_by_status(self, operator: Client) -> None:
        stopped()
        assert look(operator, f"{LIST}?status=stopped").rows() == [NAME]
        assert "good news" in look(operator, f"{LIST}?status=paused").text
        assert "is not one of" in look(operator, f"{LIST}?status=sunk").text

    def test_a_rebuild_is_shown_with_what_it_rebuilds(self, operator: Client) -> None:
        the_log_ends_at(10)
        a_subscription("tests.tallied", kind="projection", position=10)
        a_subscription("tests.tallied#rebuild", kind="projection", position=4, shadow_of="tests.tallied")
        page = look(operator, LIST)
        assert page.rows() == [NAME, "tests.tallied"]
        assert "rebuilt to 40.0 %" in page.text


class TestDetail:
    def test_why_it_stopped_with_event_error_and_traceback(self, operator: Client) -> None:
        event = an_event(position=7, type="tests.counted")
        stopped(failed_event_id=event.pk, traceback="File a.py, line 3")
        page = look(operator, url_of())
        assert "Stopped at position 7" in page.text and "7 is bad" in page.text and "File a.py, line 3" in page.text
        assert reverse("admin:ops_event", args=[event.pk]) in page.links

    def test_a_gap_is_called_a_gap(self, operator: Client) -> None:
        stopped(error_class="Gap")
        assert "where the log holds no event" in look(operator, url_of()).text

    def test_an_event_that_is_gone_is_named_without_a_link(self, operator: Client) -> None:
        stopped(failed_event_id=uuid7())
        assert "no longer kept" in look(operator, url_of()).text

    def test_a_retry_that_is_due_says_when(self, operator: Client) -> None:
        a_subscription(failures=2, failed_position=7, error_class="Bad", not_before=clock.now() + timedelta(minutes=5))
        text = look(operator, url_of()).text
        assert "The event at position 7 failed, 2 tries so far; tried again in" in text

    def test_how_long_it_will_take_to_catch_up(self, operator: Client) -> None:
        the_log_ends_at(10_000)
        a_subscription(position=4_000, rate=100.0)
        assert (
            "6,000 events behind the end of the log; at 100 a second that takes 1 min 0 s"
            in look(operator, url_of()).text
        )

    def test_workers_lost_with_it_are_told(self, operator: Client) -> None:
        the_log_ends_at(9)
        a_subscription(tries=3)
        assert "begun 3 times since it last got on" in look(operator, url_of()).text

    def test_a_rebuild_with_its_progress_and_what_can_be_done_to_it(self, operator: Client) -> None:
        the_log_ends_at(10)
        a_subscription("tests.tallied", kind="projection", position=10)
        shadow = a_subscription(
            "tests.tallied#rebuild", kind="projection", position=4, rate=2.0, shadow_of="tests.tallied"
        )
        page = look(operator, url_of("tests.tallied"))
        assert "40.0 % : position 4 of 10, 2 positions a second, about 3.00 s left" in page.text
        assert {at["value"] for at in page.having("name", "action")} >= {"pause", "give_up"}
        assert "rebuild" not in {at["value"] for at in page.having("name", "action")}
        (give_up,) = page.having("value", "give_up")
        assert give_up["form"] in {at["form"] for at in page.having("name", "reason")}, "its reason goes with it"
        assert operator.get(url_of(shadow.name)).headers["Location"] == url_of("tests.tallied")

    def test_a_rebuild_that_failed_at_the_exchange_has_no_event_to_skip(self, operator: Client) -> None:
        a_subscription("tests.tallied", kind="projection", position=7)
        stopped("tests.tallied#rebuild", 7, shadow_of="tests.tallied")
        Subscription.objects.filter(shadow_of="tests.tallied").update(position=7)
        assert "skip" not in {at["value"] for at in look(operator, url_of("tests.tallied")).having("name", "action")}

    def test_one_that_another_release_migrated_says_so(self, operator: Client) -> None:
        a_subscription(contract="of another release")
        assert "leaves it to that one's workers" in look(operator, url_of()).text

    def test_skipped_events_with_who_and_why(self, operator: Client) -> None:
        a_subscription()
        SkippedEvent.objects.create(
            subscription=NAME, position=3, skipped_by="ben", reason="was a test", error_class="Bad", error="3 is bad"
        )
        text = look(operator, url_of()).text
        assert "a gap in the log" in text and "was a test" in text and "ben" in text and "3 is bad" in text

    def test_streams_set_aside_come_page_by_page(self, operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(subscriptions, "PARKED", 2)
        monkeypatch.setattr(subscriptions, "COUNTED", 3)
        a_subscription(parked=7)
        for position, stream in enumerate(["a-1", "a-2", "a-2", "a-2", "a-2", "a-3", "a-3"], start=1):
            ParkedEvent.objects.create(
                subscription=NAME, stream=stream, position=position, event_id=uuid7(), error="no"
            )
        page = look(operator, url_of())
        assert "3+" in page.text
        (following,) = [at["href"] for at in page.having("rel", "next")]
        first = {at["value"] for at in page.having("name", "stream")}
        second = {at["value"] for at in look(operator, url_of() + following).having("name", "stream")}
        assert (first, second) == ({"a-1", "a-2"}, {"a-3"})

    def test_an_unknown_name_explains_itself(self, operator: Client) -> None:
        assert "No subscription is called no/such" in look(operator, url_of("no/such"), status=404).text

    def test_markup_in_names_errors_and_reasons_is_shown_not_obeyed(self, operator: Client) -> None:
        evil = '<img src=x onerror=alert(1)><script>alert("x")</script>'
        stopped(evil, error_class=evil, error=evil, traceback=evil, reason=evil, worker=evil, parked=1)
        SkippedEvent.objects.create(subscription=evil, position=3, skipped_by=evil, reason=evil, error=evil)
        ParkedEvent.objects.create(
            subscription=evil, stream=evil, position=1, event_id=uuid7(), error_class=evil, error=evil, traceback=evil
        )
        for url in (LIST, url_of(evil), reverse("admin:index")):
            html = operator.get(url).content.decode()
            assert "<img src=x" not in html and "<script>alert" not in html


class TestEventsPage:
    def test_it_says_who_stopped_at_it_set_it_aside_or_was_made_to_skip_it(self, operator: Client) -> None:
        event = an_event(position=7)
        stopped(failed_event_id=event.pk)
        a_subscription("tests.tallied", parked=1)
        ParkedEvent.objects.create(subscription="tests.tallied", stream="a-1", position=7, event_id=event.pk)
        a_subscription("tests.other")
        SkippedEvent.objects.create(subscription="tests.other", position=7, skipped_by="ben", reason="a test")
        page = look(operator, reverse("admin:ops_event", args=[event.pk]))
        assert f"Subscription {NAME} stopped at it." in page.text
        assert "Subscription tests.tallied has set it aside with its stream." in page.text
        assert "ben had subscription tests.other skip it: a test." in page.text
        assert {url_of(), url_of("tests.tallied"), url_of("tests.other")} <= set(page.links)

    def test_whoever_may_not_see_subscriptions_is_not_told(self) -> None:
        event = an_event(position=7)
        stopped(failed_event_id=event.pk)
        visitor = somebody("view_event")
        assert "stopped at it" not in look(visitor, reverse("admin:ops_event", args=[event.pk])).text


class TestActs:
    def test_pausing_and_resuming_keep_who_and_why(self, operator: Client) -> None:
        a_subscription()
        assert "is paused. What it has begun it ends" in act(operator, "pause", reason="the server moves")
        assert (state().status, state().paused_by, state().reason) == ("paused", "ana", "the server moves")
        assert "Paused by ana" in look(operator, url_of()).text
        assert "goes on where it was" in act(operator, "resume")
        assert state().status == "running"
        assert [entry.change_message for entry in LogEntry.objects.order_by("id")] == [
            "Pause; reason: the server moves",
            "Resume",
        ]

    def test_whoever_comes_second_is_told_how_it_is(self, operator: Client) -> None:
        a_subscription(status="paused")
        assert f"Nothing was done: {NAME} is not running: it is paused." in act(operator, "pause")
        assert not LogEntry.objects.exists()

    def test_what_stopped_is_tried_again(self, operator: Client) -> None:
        stopped()
        assert "tries its event again" in act(operator, "retry")
        assert state().status == "running"

    def test_skipping_needs_a_reason(self, operator: Client) -> None:
        stopped()
        assert "Nothing was done: skipping an event needs a reason." in act(operator, "skip", position=7, reason=" ")
        assert state().status == "stopped"

    def test_skipping_passes_over_the_event_that_was_seen(self, operator: Client) -> None:
        stopped()
        (field,) = look(operator, url_of()).having("name", "position")
        message = act(operator, "skip", position=field["value"], reason="a test")
        assert "has skipped position 7" in message
        assert (state().status, state().position) == ("running", 7)
        assert SkippedEvent.objects.get().reason == "a test"
        assert LogEntry.objects.get().change_message == "Skip this event at position 7; reason: a test"

    @pytest.mark.parametrize("position", ["8", "", "7.5", "-7"])
    def test_nothing_is_skipped_but_the_event_that_was_seen(self, operator: Client, position: str) -> None:
        stopped()
        assert "Nothing was done" in act(operator, "skip", position=position, reason="a test")
        assert (state().status, SkippedEvent.objects.count()) == ("stopped", 0)

    def test_a_rebuild_begins_rests_goes_on_and_is_given_up(self, operator: Client) -> None:
        a_subscription("tests.tallied", kind="projection")
        assert "The rebuild of tests.tallied has begun" in act(operator, "rebuild", "tests.tallied")
        assert "Nothing was done: tests.tallied is being rebuilt already" in act(operator, "rebuild", "tests.tallied")
        assert "is paused" in act(operator, "pause", "tests.tallied#rebuild")
        assert state("tests.tallied#rebuild").status == "paused"
        assert "goes on" in act(operator, "resume", "tests.tallied#rebuild")
        assert "was given up" in act(operator, "give_up", "tests.tallied#rebuild", reason="too slow")
        assert "reason: too slow" in LogEntry.objects.first().change_message
        assert not Subscription.objects.filter(shadow_of="tests.tallied").exists()

    def test_what_has_no_tables_is_not_rebuilt(self, operator: Client) -> None:
        a_subscription()
        assert "no projection with tables of its own" in act(operator, "rebuild")

    def test_nonsense_does_nothing(self, operator: Client) -> None:
        a_subscription()
        assert "no such action" in act(operator, "obliterate")
        assert "no such subscription" in act(operator, "pause", "tests.unheard_of")
        assert "does not say which stream" in act(operator, "apply_parked")
        assert "does not say which stream" in act(operator, "apply_parked", stream="\0")
        assert "no such subscription" in act(operator, "pause", "\0")
        a_subscription("tests.of_old", kind="projection")
        assert "no code here declares tests.of_old" in act(operator, "rebuild", "tests.of_old")
        look(operator, url_of("tests.\0"), status=404)
        assert not LogEntry.objects.exists()

    def test_parked_events_are_applied_by_a_command_that_is_sent_once(self, operator: Client) -> None:
        a_subscription(parked=1)
        ParkedEvent.objects.create(subscription=NAME, stream="a-1", position=1, event_id=uuid7())
        message = act(operator, "apply_parked", stream="a-1")
        command = Command.objects.get()
        assert reverse("admin:ops_command", args=[command.pk]) in message
        assert command.payload == {"subscription": NAME, "stream": "a-1"}
        assert "being applied already" in act(operator, "apply_parked", stream="a-1")
        assert (Command.objects.count(), LogEntry.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
class TestApplyingParked:
    @pytest.fixture(autouse=True)
    def _begun(self, bad: set[int]) -> None:
        FOLLOWERS.remove("tests.tallied")
        FOLLOWERS.remove(NAME)

        @subscribes(NAME, to=[Counted], on_failure="park")
        def see(event: Counted, following: Any) -> None:
            if event.number in bad:
                raise Bad(f"{event.number} is bad")

        duties.begin()

    def test_a_worker_applies_them(self, operator: Client, bad: set[int]) -> None:
        bad.add(2)
        happen(1, 2, 3, stream="tests.a-1")
        run_until_idle()
        assert "Streams set aside" in look(operator, url_of()).text
        bad.clear()
        act(operator, "apply_parked", stream="tests.a-1")
        run_until_idle()
        assert Command.objects.get().status == "success"
        assert (state().parked, ParkedEvent.objects.count()) == (0, 0)

    def test_what_fails_again_fails_the_command_with_the_reason(self, operator: Client, bad: set[int]) -> None:
        bad.add(2)
        happen(2, 3, stream="tests.a-1")
        run_until_idle()
        act(operator, "apply_parked", stream="tests.a-1")
        run_until_idle()
        command = Command.objects.get()
        assert (command.status, command.error) == ("error", "2 is bad")
        assert ParkedEvent.objects.count() == 2

    def test_while_it_rests_the_command_waits(self, operator: Client, bad: set[int]) -> None:
        bad.add(2)
        happen(2, stream="tests.a-1")
        run_until_idle()
        Subscription.objects.update(status="paused")
        act(operator, "apply_parked", stream="tests.a-1")
        run_until_idle()
        command = Command.objects.get()
        assert command.status == "pending" and command.not_before > clock.now()

    def test_of_a_subscription_that_is_no_more_the_command_is_given_up(self, operator: Client, bad: set[int]) -> None:
        act(operator, "apply_parked", stream="tests.a-1")
        Subscription.objects.all().delete()
        run_until_idle()
        assert "no subscription" in Command.objects.get().error


class TestPermissions:
    def test_whoever_may_not_view_subscriptions_sees_none(self) -> None:
        a_subscription()
        visitor = somebody("view_event")
        for url in (LIST, url_of()):
            assert VIEW in look(visitor, url, status=403).text
        assert LIST not in look(visitor, reverse("admin:index")).links

    @pytest.mark.parametrize("held", ["", *PERMISSIONS])
    @pytest.mark.parametrize("name", ACTS)
    def test_an_act_is_refused_unless_its_permission_is_held(self, name: str, held: str) -> None:
        stopped()
        visitor = somebody(VIEW, *([held] if held else []))
        response = visitor.post(ACT, {"name": NAME, "action": name, "position": 7, "reason": "x", "stream": "a-1"})
        assert response.status_code == (302 if held == ACTS[name].permission else 403)
        if held != ACTS[name].permission:
            assert state().status == "stopped" and not Command.objects.exists() and not LogEntry.objects.exists()

    def test_buttons_that_are_not_permitted_say_what_they_need(self) -> None:
        stopped()
        page = look(somebody(VIEW), url_of())
        assert not page.having("name", "action") or {at.get("form") for at in page.having("name", "action")} == {None}
        assert {at["data-reason"] for at in page.having("data-reason")} == {
            f"Needs the permission {name}."
            for name in ("ops_streams.retry_subscription", "ops_streams.skip_event", "ops_streams.pause_subscription")
        }

    def test_acting_takes_a_post_and_a_token_against_forgery(self, operator: Client) -> None:
        a_subscription()
        assert operator.get(ACT).status_code == 405
        eve = logged_in(User.objects.create_superuser("eve"), enforce_csrf_checks=True)
        assert eve.post(ACT, {"name": NAME, "action": "pause"}).status_code == 403
        assert state().status == "running"


class TestOverview:
    def findings(self, client: Client) -> str:
        an_event()
        return look(client, reverse("admin:index")).text

    def test_a_stopped_one_is_grave_and_linked(self, operator: Client) -> None:
        stopped()
        assert f"Subscription {NAME} has stopped" in self.findings(operator)
        assert url_of() in look(operator, reverse("admin:index")).links

    def test_a_stopped_rebuild_a_paused_one_parked_events_and_lag(self, operator: Client) -> None:
        the_log_ends_at(9)
        a_subscription(position=4, parked=2)
        an_event(position=5, at=ago(timedelta(minutes=3)))
        a_subscription("tests.tallied", kind="projection", status="paused", position=9, paused_by="ben")
        stopped("tests.tallied#rebuild", kind="projection", shadow_of="tests.tallied")
        text = self.findings(operator)
        assert "The rebuild of tests.tallied has stopped" in text
        assert "Subscription tests.tallied is paused by ben" in text
        assert f"Subscription {NAME} has set 2 events aside" in text
        assert f"Subscription {NAME} is 3 min 0 s behind" in text

    def test_what_one_may_not_see_it_does_not_name(self) -> None:
        stopped()
        assert "stopped" not in self.findings(somebody("view_event"))

    def test_the_search_finds_it(self, operator: Client) -> None:
        assert url_of() in look(operator, f"{reverse('admin:ops_search')}?q=tests.se").links


@pytest.mark.django_db(transaction=True)
def test_a_real_one_stops_is_mended_and_catches_up(operator: Client, bad: set[int]) -> None:
    duties.begin()
    bad.add(2)
    happen(1, 2, 3)
    follow_to_the_end()
    page = look(operator, url_of())
    assert "Stopped at position 2" in page.text and "Bad" in page.text and "Traceback" in page.text
    bad.clear()
    act(operator, "retry")
    follow_to_the_end()
    assert "Position 3 of 3 : up to date." in look(operator, url_of()).text


@pytest.mark.django_db(transaction=True)
def test_a_real_rebuild_ends_with_the_new_rows(operator: Client, bad: set[int]) -> None:
    duties.begin()
    happen(1, 2, 3)
    follow_to_the_end()
    Tally.objects.update(total=0)
    act(operator, "rebuild", "tests.tallied")
    assert "Rebuild" in look(operator, url_of("tests.tallied")).text
    follow_to_the_end()
    assert Tally.objects.get().total == 6
    assert shadows.schema_of("tests.tallied")


def test_pages_that_have_not_changed_are_not_sent_again(operator: Client) -> None:
    stopped()
    for url in (LIST, url_of()):
        headers = {"HX-Request": "true", "HX-Target": "live"}
        version = operator.get(url, headers=headers).headers["X-Ops-Version"]
        assert operator.get(url, headers={**headers, "X-Ops-Version": version}).status_code == 204
