"""Processes: found by what is wrong with them, read step by step, moved by hand; nothing is said that is not so."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import reverse

from opsconsole.engine import emit
from opsconsole.engine.models import Command
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.testing import run_until_idle
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7
from opsconsole.kernel.tracing import Cause, acting_for
from opsconsole.streams import duties
from opsconsole.streams.models import Process, ProcessStep, Subscription
from opsconsole.streams.queries import processes, steps
from tests.console.visitors import Page, logged_in, look, somebody, told
from tests.console.voyages import MINUTE, ShipReported, VoyagePlanned, a_step, a_voyage, voyages
from tests.past import a_command, ago, an_event

pytestmark = pytest.mark.django_db

LIST = reverse("admin:ops_processes")
ACT = reverse("admin:ops_process_act")
VIEW = "ops_streams.view_process"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _voyages(db: None) -> Iterator[None]:
    with voyages():
        yield


def url_of(process: Process) -> str:
    return reverse("admin:ops_process", args=[process.pk])


def listed(client: Client, **query: Any) -> list[str]:
    return look(client, f"{LIST}?{urlencode(query)}").rows()


def ids(*found: Process) -> list[str]:
    return [str(process.pk) for process in found]


class TestList:
    def test_without_any_it_says_how_to_make_one(self, operator: Client) -> None:
        assert "declare a ProcessManager" in look(operator, LIST).text

    def test_the_rail_leads_there(self, operator: Client) -> None:
        assert LIST in look(operator, reverse("admin:index")).links

    def test_the_newest_come_first_each_with_its_state_and_subject(self, operator: Client) -> None:
        old, new = a_voyage("sailing", ship="Fram", at=ago(MINUTE)), a_voyage(ship="Gjøa")
        page = look(operator, LIST)
        assert page.rows() == ids(new, old)
        assert "Gjøa" in page.text and "sailing" in page.text

    @pytest.mark.parametrize(
        ("condition", "way", "columns"),
        [
            ("live", ("sailing",), {}),
            ("ended", ("sailing", "arrived"), {}),
            ("stuck", ("sailing",), {"at": 11}),
            ("overdue", (), {"deadline_at": 1}),
        ],
    )
    def test_by_condition(
        self, operator: Client, condition: str, way: tuple[str, ...], columns: dict[str, int]
    ) -> None:
        wanted = a_voyage(*way, **{name: ago(minutes * MINUTE) for name, minutes in columns.items()})
        others = {"ended": a_voyage("sailing")} if condition == "ended" else {"arrived": a_voyage("sailing", "arrived")}
        assert listed(operator, condition=condition) == ids(wanted)
        assert others

    def test_by_status_type_subject_and_time(self, operator: Client) -> None:
        old = a_voyage("sailing", ship="Fram", at=ago(2 * HOUR))
        new = a_voyage(ship="Gjøa", tenant="7")
        assert listed(operator, status="sailing") == ids(old)
        assert listed(operator, subject="Gjøa") == listed(operator, tenant="7") == ids(new)
        assert listed(operator, range="1h", type="tests.voyage") == ids(new)
        assert listed(operator, type="tests.other") == []

    def test_what_may_stay_longer_is_not_stuck_so_soon(self, operator: Client) -> None:
        a_voyage("sailing", at=ago(9 * MINUTE))
        assert listed(operator, condition="stuck") == []

    def test_an_instance_whose_code_is_gone_is_stuck_like_any_other(self, operator: Client) -> None:
        process = a_voyage(at=ago(6 * MINUTE))
        with transaction.atomic():
            assert listed(operator, condition="stuck") == []
        from opsconsole.streams.moves import PROCESSES

        declared = PROCESSES.get("tests.voyage")
        PROCESSES.remove("tests.voyage")
        assert listed(operator, condition="stuck") == ids(process)
        assert "No code here answers to" in look(operator, url_of(process)).text
        PROCESSES.add("tests.voyage", declared)

    def test_many_stuck_ones_are_looked_through_within_the_bound(
        self, operator: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stuck = [a_voyage("sailing", at=ago((20 + number) * MINUTE)) for number in range(3)]
        monkeypatch.setattr(processes, "FEW", 2)
        assert listed(operator, condition="stuck") == ids(*stuck)

    def test_pages_go_on_where_the_last_one_ended(self, operator: Client) -> None:
        found = [a_voyage("sailing", at=ago(number * timedelta(seconds=1))) for number in range(51)]
        page = look(operator, f"{LIST}?condition=live")
        assert page.rows() == ids(*found[:50])
        (older,) = [at["href"] for at in page.having("rel", "next")]
        assert "condition=live" in older
        assert look(operator, LIST + older).rows() == ids(found[50])

    def test_totals_count_each_condition(self, operator: Client) -> None:
        a_voyage("sailing", at=ago(HOUR))
        a_voyage("sailing", "arrived")
        counts = {name: str(number) for name, number in processes.counts().items()}
        assert counts == {"": "2", "live": "1", "ended": "1", "stuck": "1", "overdue": "0"}

    def test_nonsense_in_the_address_is_named_and_left_out(self, operator: Client) -> None:
        process = a_voyage()
        page = look(operator, f"{LIST}?condition=sunk")
        assert "“sunk” is not one of" in page.text
        assert page.rows() == ids(process)


class TestDetail:
    def test_the_way_it_took_is_drawn_and_told_as_a_list(self, operator: Client) -> None:
        page = look(operator, url_of(a_voyage("sailing", "aground", "sailing", "aground")))
        assert [at for at in page.having("class") if "is-current" in at["class"] and "is-live" in at["class"]]
        assert "begins in planned : made" in page.text
        assert "from sailing to aground : made 2 times; it is there now" in page.text
        assert "from sailing to arrived" in page.text
        assert len(page.having("class", "pic-link is-used")) == 4  # with the dot before the first

    def test_each_step_tells_what_changed_in_its_state(self, operator: Client) -> None:
        text = look(operator, url_of(a_voyage("sailing", "aground"))).text
        assert 'status "sailing" "aground"' in text
        assert 'places[1] new "aground"' in text

    def test_a_refused_step_says_why_and_changes_nothing(self, operator: Client) -> None:
        process = a_voyage("sailing")
        a_step(process, 2, "sailing", "sailing", process.state, at=clock.now(), refusal="cannot sail twice")
        page = look(operator, url_of(process))
        assert "refused" in page.text and "cannot sail twice It stayed sailing." in page.text

    def test_what_moved_it_is_linked_and_what_is_gone_is_named(self, operator: Client) -> None:
        process, event = a_voyage(), an_event(type="tests.ship_reported")
        a_step(process, 2, "planned", "sailing", process.state, at=clock.now(), cause_id=event.pk)
        page = look(operator, url_of(process))
        assert reverse("admin:ops_event", args=[event.pk]) in page.links
        assert "no longer kept" in page.text

    @pytest.mark.django_db(transaction=True)
    def test_the_whole_story_of_a_real_one(self, operator: Client) -> None:
        process = sailed("Fram", "planned", "rocks")
        page = look(operator, url_of(process))
        (command,) = Command.objects.filter(type="tests.cast_off")
        events = StoredEvent.objects.filter(type__in=["tests.voyage_planned", "tests.ship_reported"])
        for row, kind in [(command, "command"), *((event, "event") for event in events)]:
            url = reverse(f"admin:ops_{kind}", args=[row.pk])
            assert page.links.count(url) >= 2, "among the steps, and on the timeline"
        assert "Then asked for" in page.text
        assert "Waits for somebody to decide: Tow it." in page.text

    def test_stuck_says_for_how_long_and_what_would_be_usual(self, operator: Client) -> None:
        text = look(operator, url_of(a_voyage("sailing", at=ago(HOUR)))).text
        assert "Stuck: it came to sailing 1 h ago ; it may stay 10 min 0 s before it is marked." in text

    def test_overdue_says_by_how_much(self, operator: Client) -> None:
        text = look(operator, url_of(a_voyage(deadline_at=ago(2 * MINUTE)))).text
        assert "Overdue: its deadline passed 2 min ago" in text

    def test_a_deadline_to_come_says_what_happens_then(self, operator: Client) -> None:
        assert "“forgotten” is called in" in look(operator, url_of(a_voyage(deadline_at=clock.now() + HOUR))).text

    def test_a_failed_command_of_its_state_is_named_as_what_holds_it_up(self, operator: Client) -> None:
        process = a_voyage()
        step = ProcessStep.objects.get()
        cause = {"cause_kind": "event", "cause_id": step.cause_id, "correlation_id": process.pk}
        a_command("error", type="tests.cast_off", **cause)
        assert "Its command tests.cast_off failed: reprocess it" in look(operator, url_of(process)).text

    def test_a_stopped_subscription_is_named_as_what_holds_it_up(self, operator: Client) -> None:
        process = a_voyage()
        Subscription.objects.create(
            name="tests.voyage", kind="process", position=0, status="stopped", failed_position=1, error_class="E"
        )
        page = look(operator, url_of(process))
        assert "No event moves it: its subscription tests.voyage is stopped." in page.text
        assert reverse("admin:ops_subscription", args=["tests.voyage"]) in page.links

    def test_many_steps_come_page_by_page(self, operator: Client) -> None:
        process = a_voyage(*["sailing", "aground"] * 16)
        page = look(operator, url_of(process))
        (earlier,) = [at["href"] for at in page.having("rel", "next")]
        shown = {at["id"] for _, at in page.elements if at.get("id", "").startswith("step-")}
        rest = {
            at["id"]
            for _, at in look(operator, url_of(process) + earlier).elements
            if at.get("id", "").startswith("step-")
        }
        assert (len(shown), len(rest), shown & rest) == (steps.STEPS, 3, set())

    def test_the_picture_knows_states_that_the_code_has_forgotten(self, operator: Client) -> None:
        process = a_voyage("sailing")
        a_step(process, 3, "sailing", "adrift", {}, at=clock.now())
        assert "from sailing to adrift : made" in look(operator, url_of(process)).text

    def test_an_unknown_id_explains_itself(self, operator: Client) -> None:
        assert "No process has the id" in look(operator, reverse("admin:ops_process", args=[uuid7()]), status=404).text

    def test_markup_in_subjects_states_and_refusals_is_shown_not_obeyed(self, operator: Client) -> None:
        evil = '<img src=x onerror=alert(1)><script>alert("x")</script>'
        process = a_voyage("sailing", ship=evil, tenant=evil)
        a_step(process, 2, evil[:60], evil[:60], {evil: evil}, at=clock.now(), refusal=evil, cause_name=evil)
        a_step(process, 3, "sailing", evil[:60], {evil: [evil]}, at=clock.now(), cause_name=evil)
        for url in (url_of(process), f"{LIST}?{urlencode({'subject': evil, 'status': evil})}"):
            html = operator.get(url).content.decode()
            assert "<img src=x" not in html and "<script>alert" not in html


class TestByHand:
    @pytest.mark.django_db(transaction=True)
    def test_the_command_is_sent_in_the_flow_of_the_instance_and_moves_it(self, operator: Client) -> None:
        process = sailed("Fram", "planned", "rocks")
        message = told(operator, ACT, {"id": process.pk, "action": "tests.tow", "reason": "high\0 tide"})
        command = Command.objects.get(type="tests.tow")
        assert "Tow it: command sent" in message and "It moves when that has run." in message
        assert (command.payload, command.correlation_id) == ({"process_id": str(process.pk)}, process.pk)
        assert (command.cause_kind, command.metadata) == ("user", {"actor": "ana", "reason": "high tide"})
        run_until_idle()
        process.refresh_from_db()
        assert process.status == "sailing"
        assert "reason: high tide" in LogEntry.objects.get().change_message

    def test_pressed_twice_it_is_sent_once_and_the_second_is_told(self, operator: Client) -> None:
        process = a_voyage("sailing", "aground")
        data = {"id": process.pk, "action": "tests.tow"}
        told(operator, ACT, data)
        assert "Nothing was sent: Tow it is on its way already" in told(operator, ACT, data)
        assert (Command.objects.filter(type="tests.tow").count(), LogEntry.objects.count()) == (1, 1)

    def test_in_another_state_nothing_is_sent_and_the_state_is_named(self, operator: Client) -> None:
        process = a_voyage("sailing")
        message = told(operator, ACT, {"id": process.pk, "action": "tests.tow"})
        assert "Nothing was sent. It is sailing; this is for one that is aground." in message
        assert not Command.objects.exists() and not LogEntry.objects.exists()
        assert look(operator, url_of(process)).having("data-reason", "It is sailing; this is for one that is aground.")

    def test_a_command_that_the_type_does_not_offer_is_not_sent(self, operator: Client) -> None:
        process = a_voyage("sailing", "aground")
        assert "no such action" in told(operator, ACT, {"id": process.pk, "action": "tests.cast_off"})
        assert not Command.objects.exists()

    @pytest.mark.parametrize("given", ["", "nonsense", str(UUID(int=1))])
    def test_an_instance_that_there_is_not_is_said_so(self, operator: Client, given: str) -> None:
        assert "There is no such process." in told(operator, ACT, {"id": given, "action": "tests.tow"})


class TestPermissions:
    def test_whoever_may_not_view_processes_sees_none(self) -> None:
        process, visitor = a_voyage(), somebody("view_event", "view_command")
        for url in (LIST, url_of(process)):
            assert VIEW in look(visitor, url, status=403).text
        assert LIST not in look(visitor, reverse("admin:index")).links

    def test_whoever_may_only_view_cannot_move_and_is_told_what_it_needs(self) -> None:
        process, visitor = a_voyage("sailing", "aground"), somebody(VIEW)
        assert visitor.post(ACT, {"id": process.pk, "action": "tests.tow"}).status_code == 403
        assert not Command.objects.exists()
        assert look(visitor, url_of(process)).having("data-reason", "Needs the permission ops_streams.move_process.")

    def test_with_the_permission_it_is_moved(self) -> None:
        process = a_voyage("sailing", "aground")
        visitor = somebody(VIEW, "ops_streams.move_process")
        assert visitor.post(ACT, {"id": process.pk, "action": "tests.tow"}).status_code == 302
        assert Command.objects.filter(type="tests.tow").exists()

    def test_acting_takes_a_post_and_a_token_against_forgery(self, operator: Client) -> None:
        process = a_voyage("sailing", "aground")
        assert operator.get(ACT).status_code == 405
        eve = logged_in(User.objects.create_superuser("eve"), enforce_csrf_checks=True)
        assert eve.post(ACT, {"id": process.pk, "action": "tests.tow"}).status_code == 403
        assert not Command.objects.exists()


class TestWaysThere:
    def test_a_row_of_its_flow_says_which_process_it_is_part_of(self, operator: Client) -> None:
        process = a_voyage(ship="Fram")
        for row, kind in (
            (a_command(correlation_id=process.pk), "command"),
            (an_event(correlation_id=process.pk), "event"),
        ):
            page = look(operator, reverse(f"admin:ops_{kind}", args=[row.pk]))
            assert "Part of process tests.voyage about Fram, planned" in page.text
            assert url_of(process) in page.links
        assert url_of(process) in look(operator, reverse("admin:ops_flow", args=[process.pk])).links

    def test_whoever_may_not_see_processes_is_not_told_of_them(self) -> None:
        process = a_voyage(ship="Fram")
        row = a_command(correlation_id=process.pk, cause_kind="process", cause_id=process.pk)
        page = look(somebody("view_command"), reverse("admin:ops_command", args=[row.pk]))
        assert "Fram" not in page.text and url_of(process) not in page.links

    @pytest.mark.django_db(transaction=True)
    def test_the_event_that_began_it_leads_to_it(self, operator: Client) -> None:
        process = sailed("Fram")
        event = StoredEvent.objects.get(type="tests.voyage_planned")
        page = look(operator, reverse("admin:ops_event", args=[event.pk]))
        assert "It moved process tests.voyage about Fram." in page.text
        assert url_of(process) in page.links

    def test_the_command_of_a_deadline_leads_to_its_process(self, operator: Client) -> None:
        process = a_voyage(ship="Fram")
        command = a_command(cause_kind="process", cause_id=process.pk, correlation_id=process.pk)
        page = look(operator, reverse("admin:ops_command", args=[command.pk]))
        assert "A deadline of process tests.voyage about Fram" in page.text
        assert url_of(process) in page.links

    def test_its_id_lands_on_it_and_its_type_is_found_by_a_part_of_its_name(self, operator: Client) -> None:
        process = a_voyage()
        search = reverse("admin:ops_search")
        assert operator.get(search, {"q": str(process.pk)}).headers["Location"] == url_of(process)
        assert f"{LIST}?type=tests.voyage" in look(operator, f"{search}?q=voyage").links

    def test_the_overview_names_what_is_stuck_and_what_is_overdue(self, operator: Client) -> None:
        an_event()
        stuck = a_voyage("sailing", at=ago(HOUR))
        for _ in range(2):
            a_voyage(deadline_at=ago(MINUTE))
        page = look(operator, reverse("admin:index"))
        assert "1 process of tests.voyage is stuck" in page.text
        assert "2 processes of tests.voyage are overdue" in page.text
        assert url_of(stuck) in page.links
        assert f"{LIST}?type=tests.voyage&condition=overdue" in page.links

    def test_what_one_may_not_see_the_overview_does_not_name(self) -> None:
        an_event()
        a_voyage("sailing", at=ago(HOUR))
        assert "stuck" not in look(somebody("view_event"), reverse("admin:index")).text


def sailed(ship: str, *places: str) -> Process:
    """A voyage as the engine makes it, with these reports."""
    duties.begin()
    with transaction.atomic():
        emit(VoyagePlanned(ship=ship))
    run_until_idle()
    process = Process.objects.get(subject=ship)
    for place in places:
        with acting_for(Cause("command", uuid7(), process.pk)), transaction.atomic():
            emit(ShipReported(place=place))
        run_until_idle()
    process.refresh_from_db()
    return process


def test_pages_that_have_not_changed_are_not_sent_again(operator: Client) -> None:
    process = a_voyage("sailing")
    for url in (LIST, url_of(process)):
        headers = {"HX-Request": "true", "HX-Target": "live"}
        first = operator.get(url, headers=headers)
        assert "<html" not in first.content.decode() and Page(first.content.decode()).text
        version = first.headers["X-Ops-Version"]
        assert operator.get(url, headers={**headers, "X-Ops-Version": version}).status_code == 204
