"""The pages of schedules: what they say, where they lead, and who may do what."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from opsconsole.console.middleware import POLICY
from opsconsole.engine.models import Command, Pause
from opsconsole.kernel import clock
from opsconsole.schedules import Cron, Cycle, Daily
from opsconsole.schedules.models import Run, Schedule
from opsconsole.schedules.offers import ACTS
from opsconsole.schedules.testing import begin
from tests.console.visitors import Page, an_operator, logged_in, look, told
from tests.schedules.conftest import NAME
from tests.schedules.past import a_run, a_schedule, command_of, event_of

pytestmark = pytest.mark.django_db

Declare = Callable[..., Any]

LIST = reverse("admin:ops_schedules")
DETAIL = reverse("admin:ops_schedule", args=[NAME])
ACT = reverse("admin:ops_schedule_act", args=[NAME])
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
VIEW = "ops_schedules.view_schedule"


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    cache.clear()


@pytest.fixture
def operator() -> Client:
    return an_operator()


@pytest.fixture
def daily(declare: Declare) -> Any:
    declaration = declare(Daily("06:00", "America/Sao_Paulo"), missed="backfill")
    begin(NAME)
    return declaration


def somebody(*permissions: str) -> Client:
    user = User.objects.create_user(f"staff-{User.objects.count()}", is_staff=True)
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return logged_in(user)


class TestList:
    def test_without_any_schedule_it_says_how_to_make_one(self, operator: Client):
        assert "a file schedules.py with a function under @scheduled" in look(operator, LIST).text

    def test_it_is_in_the_rail(self, operator: Client):
        assert LIST in look(operator, reverse("admin:index")).links

    def test_it_names_rule_zone_last_runs_and_the_next_one(self, operator: Client, daily: Any):
        for status in ("success", "error", "healed", "skipped"):
            a_run(status)
        Schedule.objects.update(created_at=clock.now() - DAY)
        page = look(operator, LIST)
        assert DETAIL in page.links
        for text in ("Every day at 06:00", "America/Sao_Paulo", "06:00 -03", "2.00 s"):
            assert text in page.text
        marks = [at["class"].split()[1] for at in page.having("class") if at["class"].startswith("ops-mark ")]
        assert marks == ["is-cancelled", "is-healed", "is-error", "is-success"]

    @pytest.mark.parametrize(
        ("status", "word"),
        [("success", "on time"), ("error", "failing"), ("pending", "running"), ("healed", "on time")],
    )
    def test_its_status_is_that_of_the_latest_run(self, operator: Client, daily: Any, status: str, word: str):
        a_run("success")
        a_run(status)
        assert word in look(operator, LIST).text

    def test_what_is_paused_says_by_whom_and_why(self, operator: Client, daily: Any):
        Schedule.objects.update(paused_at=clock.now(), paused_by="ben", pause_reason="audit <b>")
        text = look(operator, LIST).text
        assert "paused" in text
        assert "by ben: audit <b>" in text

    def test_what_nobody_fires_is_late(self, operator: Client, daily: Any):
        Schedule.objects.update(next_at=clock.now() - HOUR)
        assert "late" in look(operator, LIST).text
        assert "Is a dispatcher running?" in look(operator, DETAIL).text

    def test_what_nobody_has_seen_yet_is_there_too(self, operator: Client, declare: Declare):
        declare(Cron("0 6 * * MON-FRI", "UTC"))
        declare(Cycle("UTC"), name="tests.cycle")
        assert look(operator, reverse("admin:ops_schedule", args=["tests.cycle"]))
        assert "not begun" in look(operator, LIST).text
        assert "No dispatcher has seen it yet" in look(operator, DETAIL).text

    def test_what_no_code_answers_to_keeps_its_page(self, operator: Client):
        a_schedule()
        a_run("success", schedule="tests.gone")
        assert "no code" in look(operator, LIST).text
        page = look(operator, reverse("admin:ops_schedule", args=["tests.gone"]))
        assert "No code here answers to it" in page.text
        assert "daily 06:00" in page.text

    def test_it_takes_as_many_queries_for_ten_as_for_one(
        self, operator: Client, declare: Declare, django_assert_max_num_queries: Any
    ):
        for number in range(10):
            declare(Daily("06:00", "UTC"), name=f"tests.{number}")
        begin()
        for number in range(10):
            a_run(schedule=f"tests.{number}")
        with django_assert_max_num_queries(12):
            look(operator, LIST)


class TestDetail:
    def test_it_lists_the_next_five_runs_in_the_zone_and_in_utc(self, operator: Client, daily: Any):
        page = look(operator, DETAIL)
        assert page.text.count("06:00 -03") == 5
        assert page.text.count("09:00 UTC") == 5

    def test_runs_lead_to_their_commands_and_to_the_events_they_emitted_and_back(self, operator: Client, daily: Any):
        run = a_run("success")
        page = look(operator, DETAIL)
        of_command = reverse("admin:ops_command", args=[run.command_id])
        assert of_command in page.links
        assert reverse("admin:ops_event", args=[event_of(run).pk]) in page.links
        assert f"{DETAIL}#run-{run.pk}" in look(operator, of_command).links
        assert page.having("id", f"run-{run.pk}")

    def test_a_returned_command_is_shown_with_the_one_that_sent_it(self, operator: Client, daily: Any):
        other = a_run("success", schedule=a_schedule().pk)
        run = a_run("success", returned_id=other.command_id)
        links = look(operator, DETAIL).links
        for identifier in (run.command_id, other.command_id):
            assert reverse("admin:ops_command", args=[identifier]) in links

    def test_a_command_whose_run_is_gone_says_only_that_a_schedule_sent_it(self, operator: Client, daily: Any):
        run = a_run("success")
        Run.objects.all().delete()
        assert "A schedule" in look(operator, reverse("admin:ops_command", args=[run.command_id])).text

    def test_a_run_whose_command_retention_has_dropped_keeps_its_outcome(self, operator: Client, daily: Any):
        run = a_run("success")
        command_of(run).delete()
        assert run.slot in look(operator, DETAIL).text

    def test_a_failed_run_of_an_ordered_schedule_says_what_waits_for_it(self, operator: Client, declare: Declare):
        declare(Cycle("UTC"))
        begin(NAME)
        now = clock.now()
        Schedule.objects.update(seen_until=now - 3 * DAY)
        a_run("error", slot="2026-03-02")
        text = look(operator, DETAIL).text
        assert "The run of 2026-03-02" in text
        assert "3 slots waiting so far" in text
        assert "Refused: no ink" in text

    @pytest.mark.parametrize("pause", [("queue", "default"), ("type", NAME)])
    def test_a_paused_queue_or_type_is_warned_of(self, operator: Client, daily: Any, pause: tuple[str, str]):
        Pause.objects.create(scope=pause[0], key=pause[1], reason="provider is down")
        assert f"{pause[0]} {pause[1]} is paused: provider is down" in look(operator, DETAIL).text

    def test_older_runs_are_a_page_away(self, operator: Client, daily: Any):
        runs = [a_run("success", slot=str(number)) for number in range(30)]
        first = look(operator, DETAIL)
        (older,) = [link for link in first.links if link.startswith("?before=")]
        second = look(operator, DETAIL + older)
        assert [at["id"] for at in second.having("id") if at["id"].startswith("run-")] == [
            f"run-{run.pk}" for run in reversed(runs[:5])
        ]

    def test_what_is_no_schedule_is_missing(self, operator: Client):
        assert "No schedule is called tests.schedule" in look(operator, DETAIL, status=404).text

    @pytest.mark.parametrize("address", [LIST, DETAIL])
    def test_only_what_has_changed_is_sent_again(self, operator: Client, daily: Any, address: str):
        headers = {"HX-Request": "true", "HX-Target": "live"}
        first = operator.get(address, headers=headers)
        again = operator.get(address, headers={**headers, "X-Ops-Version": first.headers["X-Ops-Version"]})
        assert (first.status_code, again.status_code) == (200, 204)
        a_run("error")
        changed = operator.get(address, headers={**headers, "X-Ops-Version": first.headers["X-Ops-Version"]})
        assert changed.status_code == 200
        assert "<html" not in changed.content.decode()


class TestOverview:
    @pytest.mark.parametrize(
        ("missed", "text"), [("backfill", "Its later slots go in order and wait"), ("newest", "comes in its time")]
    )
    def test_a_failing_schedule_is_said_first_thing(self, operator: Client, declare: Declare, missed: str, text: str):
        declare(Daily("06:00", "UTC"), missed=missed)
        begin(NAME)
        a_run("error")
        page = look(operator, reverse("admin:index"))
        assert f"Schedule {NAME} has failed" in page.text
        assert text in page.text
        assert DETAIL in page.links

    @pytest.mark.parametrize("changes", [{"next_at": "ago"}, {"paused_at": "ago", "pause_reason": "audit"}])
    def test_one_that_is_late_or_paused_is_said_too(self, operator: Client, daily: Any, changes: dict[str, Any]):
        ago = clock.now() - HOUR
        Schedule.objects.update(**{name: ago if value == "ago" else value for name, value in changes.items()})
        assert f"Schedule {NAME} is {'late' if 'next_at' in changes else 'paused'}" in look(operator, "/admin/").text

    def test_those_who_may_not_view_schedules_are_told_nothing(self, daily: Any):
        a_run("error")
        assert f"Schedule {NAME}" not in look(somebody("ops_engine.view_command"), "/admin/").text

    def test_the_search_finds_schedules_by_name(self, operator: Client, daily: Any):
        gone = reverse("admin:ops_schedule", args=[a_schedule().pk])
        for text, address in ((NAME[2:], DETAIL), ("TESTS.GONE", gone)):
            assert address in look(operator, f"{reverse('admin:ops_search')}?q={text}").links

    def test_the_id_of_a_run_leads_to_its_place(self, operator: Client, daily: Any):
        run = a_run("success")
        found = operator.get(reverse("admin:ops_search"), {"q": str(run.pk)})
        assert found.headers["Location"] == f"{DETAIL}#run-{run.pk}"


class TestPolicy:
    @pytest.mark.parametrize("address", [LIST, DETAIL])
    def test_nothing_is_inline(self, operator: Client, daily: Any, address: str):
        a_run("error")
        response = operator.get(address)
        page = Page(response.content.decode())
        assert response.headers["Content-Security-Policy"] == POLICY
        assert page.inline_scripts == []
        assert page.having("style") == []
        assert not {name for _, at in page.elements for name in at if name.startswith("on")}

    def test_what_operators_write_is_shown_as_text(self, operator: Client, daily: Any):
        told(operator, ACT, {"action": "pause", "reason": "<script>alert(1)</script>"})
        for address in (LIST, DETAIL):
            assert "<script>alert" not in operator.get(address).content.decode()


class TestActs:
    def test_pausing_and_resuming_are_told_and_logged(self, operator: Client, daily: Any):
        assert "is paused: no slot fires" in told(operator, ACT, {"action": "pause", "reason": "au\0dit"})
        assert Schedule.objects.get().paused_by == "ana"
        assert "goes on" in told(operator, ACT, {"action": "resume"})
        messages = list(LogEntry.objects.order_by("id").values_list("object_id", "change_message"))
        assert [subject for subject, _ in messages] == [NAME, NAME]
        assert messages[0][1].startswith("Pause: ")
        assert messages[0][1].endswith("; reason: audit")

    def test_running_now_leads_to_the_command(self, operator: Client, daily: Any):
        message = told(operator, ACT, {"action": "run"})
        assert reverse("admin:ops_command", args=[Command.objects.get().pk]) in message
        assert Run.objects.get().asked_by == "ana"

    def test_what_could_not_be_done_is_told_with_the_reason_and_not_logged(self, operator: Client, daily: Any):
        told(operator, ACT, {"action": "run"})
        before = LogEntry.objects.count()
        assert "Nothing was done: its run of" in told(operator, ACT, {"action": "run"})
        assert "Nothing was done: a pause needs a reason" in told(operator, ACT, {"action": "pause"})
        assert LogEntry.objects.count() == before

    def test_giving_up_is_offered_only_when_the_latest_run_has_failed(self, operator: Client, daily: Any):
        assert not look(operator, DETAIL).having("value", "skip")
        a_run("error")
        assert look(operator, DETAIL).having("value", "skip")
        assert "is given up" in told(operator, ACT, {"action": "skip", "reason": "a holiday"})

    def test_where_nothing_waits_for_a_failed_run_there_is_nothing_to_give_up(self, operator: Client, declare: Declare):
        declare(Daily("06:00", "UTC"))
        begin(NAME)
        a_run("error")
        assert not look(operator, DETAIL).having("value", "skip")
        assert "no later slot waits for it" in told(operator, ACT, {"action": "skip", "reason": "a holiday"})

    def test_an_action_that_is_none_is_refused(self, operator: Client, daily: Any):
        assert "There is no such action" in told(operator, ACT, {"action": "explode"})


class TestPermissions:
    @pytest.mark.parametrize("address", [LIST, DETAIL])
    def test_pages_are_for_those_who_may_view_schedules(self, daily: Any, address: str):
        assert VIEW in look(somebody("ops_engine.view_command"), address, status=403).text
        assert look(somebody(VIEW), address)
        assert LIST not in look(somebody("ops_engine.view_command"), reverse("admin:index")).links

    @pytest.mark.parametrize("address", [LIST, DETAIL, ACT])
    def test_nobody_gets_past_the_door_without_logging_in(self, daily: Any, address: str):
        for response in (Client().get(address), Client().post(address)):
            assert response.status_code == 302
            assert "/login/" in response.headers["Location"]

    @pytest.mark.parametrize("act", ACTS)
    @pytest.mark.parametrize("held", [None, *ACTS])
    def test_each_act_needs_its_own_permission(self, daily: Any, act: str, held: str | None):
        a_run("error")
        if act == "resume":
            Schedule.objects.update(paused_at=clock.now(), pause_reason="audit")
        visitor = somebody(VIEW, *([ACTS[held].permission] if held else []))
        response = visitor.post(ACT, {"action": act, "reason": "because"})
        assert response.status_code == (302 if held == act else 403)
        assert LogEntry.objects.exists() == (held == act)

    def test_buttons_that_are_not_permitted_say_which_permission_they_need(self, daily: Any):
        page = look(somebody(VIEW), DETAIL)
        assert not page.having("name", "action")
        assert {at["data-reason"] for at in page.having("data-reason")} == {
            "Needs the permission ops_schedules.pause_schedule.", "Needs the permission ops_schedules.run_schedule.",
        }  # fmt: skip

    def test_acting_takes_a_post_and_a_token_against_forgery(self, operator: Client, daily: Any):
        assert operator.get(ACT).status_code == 405
        eve = logged_in(User.objects.create_superuser("eve"), enforce_csrf_checks=True)
        assert eve.post(ACT, {"action": "run"}).status_code == 403
        assert not Run.objects.exists()
