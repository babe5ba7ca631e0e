"""Lists: filtered, paged by id, honestly counted."""

from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import Q
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from opsconsole.engine.models import Command, Workflow
from opsconsole.engine.queries import enqueued, filters, lists
from opsconsole.engine.queries.filters import CommandFilter
from opsconsole.engine.queries.lists import COMMANDS, read_page
from opsconsole.engine.queries.windows import Walk
from opsconsole.examples.academics.models import Institution
from opsconsole.kernel.identifiers import uuid7
from tests.console.visitors import ids_of, look
from tests.past import a_batch, a_command, ago, an_event, caused_by, members

pytestmark = pytest.mark.django_db

COMMANDS_URL = "/admin/engine/commands/"
EVENTS_URL = "/admin/engine/events/"
MINUTE = timedelta(minutes=1)


def listed(client: Client, url: str, **query: object) -> list[str]:
    return look(client, f"{url}?{urlencode(query)}").rows()


class TestPaging:
    def test_rows_come_newest_first(self, operator: Client) -> None:
        old, new = a_command(at=ago(MINUTE)), a_command()
        assert listed(operator, COMMANDS_URL) == ids_of([new, old])

    def test_going_older_and_newer_again_shows_every_row_once(self) -> None:
        commands = [a_command(at=ago(number * MINUTE)) for number in range(25)]
        pages, before = [], None
        while True:
            page = read_page(COMMANDS, CommandFilter(), before=before, size=10)
            pages.append(page)
            if page.older is None:
                break
            before = page.older
        assert [row.pk for page in pages for row in page.rows] == [row.pk for row in commands]
        back = read_page(COMMANDS, CommandFilter(), after=pages[2].newer, size=10)
        assert ids_of(back.rows) == ids_of(pages[1].rows)

    def test_rows_that_arrive_meanwhile_shift_no_page(self) -> None:
        commands = [a_command(at=ago(number * MINUTE)) for number in range(1, 25)]
        first = read_page(COMMANDS, CommandFilter(), size=10)
        for _ in range(5):
            a_command()
        second = read_page(COMMANDS, CommandFilter(), before=first.older, size=10)
        assert ids_of(second.rows) == ids_of(commands[10:20])

    def test_going_newer_past_the_beginning_shows_a_full_first_page(self) -> None:
        commands = [a_command(at=ago(number * MINUTE)) for number in range(12)]
        page = read_page(COMMANDS, CommandFilter(), after=commands[3].pk, size=10)
        assert ids_of(page.rows) == ids_of(commands[:10])
        assert page.newer is None

    def test_the_address_keeps_the_filter_from_page_to_page(self, operator: Client) -> None:
        for number in range(lists.PAGE + 1):
            a_command("error", at=ago(number * MINUTE))
        page = look(operator, COMMANDS_URL + "?status=error")
        (older,) = [at["href"] for at in page.having("rel", "next")]
        assert "status=error" in older
        assert len(look(operator, COMMANDS_URL + older).rows()) == 1


class TestFilters:
    @pytest.mark.parametrize("status", ["awaiting", "pending", "processing", "success", "error", "cancelled"])
    def test_commands_by_status(self, operator: Client, status: str) -> None:
        wanted = a_command(status)
        for other in {"pending", "success", "error"} - {status}:
            a_command(other)
        assert listed(operator, COMMANDS_URL, status=status) == ids_of([wanted])

    @pytest.mark.parametrize("status", ["pending", "processing", "success", "error"])
    def test_events_by_status(self, operator: Client, status: str) -> None:
        wanted = an_event(status)
        for other in {"pending", "success", "error"} - {status}:
            an_event(other)
        assert listed(operator, EVENTS_URL, status=status) == ids_of([wanted])

    @pytest.mark.parametrize(
        ("name", "columns"),
        [
            ("type", {"type": "tests.wanted"}),
            ("tenant", {"tenant": "7"}),
            ("queue", {"queue": "mail"}),
            ("correlation", {"correlation_id": uuid7()}),
            ("cause", {"cause_kind": "event", "cause_id": uuid7()}),
            ("batch", {"batch_id": uuid7()}),
        ],
    )
    def test_commands_by_each_other_condition(self, operator: Client, name: str, columns: dict[str, object]) -> None:
        wanted = a_command(**columns)
        a_command()
        (value,) = [value for value in columns.values() if value != "event"]
        assert listed(operator, COMMANDS_URL, **{name: value}) == ids_of([wanted])

    def test_all_conditions_hold_together(self, operator: Client) -> None:
        columns = {"type": "tests.wanted", "tenant": "7", "queue": "mail"}
        wanted = a_command("error", **columns)
        for name in columns:
            a_command("error", **{**columns, name: "other"})
        a_command("success", **columns)
        assert listed(operator, COMMANDS_URL, status="error", **columns) == ids_of([wanted])

    def test_waiting_for_a_retry_means_failed_before_and_pending(self, operator: Client) -> None:
        wanted = a_command("pending", attempts=1)
        a_command("pending")
        a_command("error", attempts=1)
        assert listed(operator, COMMANDS_URL, condition="retrying") == ids_of([wanted])

    def test_failed_and_not_healed_leaves_out_reprocessings_and_what_they_healed(self, operator: Client) -> None:
        wanted = a_command("error")
        a_command("error", healed_by=uuid7())
        a_command("error", **caused_by(wanted, "reprocess"))
        assert listed(operator, COMMANDS_URL, condition="unhealed") == ids_of([wanted])

    @pytest.mark.parametrize(("chosen", "minutes"), [("15m", 15), ("1h", 60), ("24h", 24 * 60), ("7d", 7 * 24 * 60)])
    def test_a_time_range_counts_back_from_now(self, operator: Client, chosen: str, minutes: int) -> None:
        inside = a_command(at=ago((minutes - 1) * MINUTE))
        a_command(at=ago((minutes + 1) * MINUTE))
        assert listed(operator, COMMANDS_URL, range=chosen) == ids_of([inside])

    def test_a_custom_range_takes_both_ends_in_utc(self, operator: Client) -> None:
        rows = [a_command(at=ago(number * 10 * MINUTE)) for number in range(1, 6)]
        times = {"from": ago(45 * MINUTE), "to": ago(15 * MINUTE)}
        query = {name: f"{at:%Y-%m-%dT%H:%M:%S}" for name, at in times.items()}
        assert listed(operator, COMMANDS_URL, range="custom", **query) == ids_of(rows[1:4])

    @pytest.mark.parametrize("status", ["awaiting", "pending", "processing", "error", "cancelled", "success"])
    def test_events_by_the_status_of_a_command_they_enqueued(self, operator: Client, status: str) -> None:
        wanted, other = an_event(), an_event()
        a_command(status, **caused_by(wanted))
        a_command("success" if status != "success" else "error", **caused_by(wanted))
        a_command("success" if status != "success" else "error", **caused_by(other))
        assert listed(operator, EVENTS_URL, enqueued=status) == ids_of([wanted])

    def test_events_of_very_many_commands_are_found_the_other_way_round(
        self, operator: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(filters, "FEW", 1)
        wanted = [an_event(at=ago(number * MINUTE)) for number in range(3)]
        an_event()
        for event in wanted:
            a_command("error", **caused_by(event))
        assert listed(operator, EVENTS_URL, enqueued="error") == ids_of(wanted)

    def test_an_event_with_very_many_commands_hides_no_other(
        self, operator: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(filters, "FEW", 3)
        quiet = an_event(at=ago(2 * MINUTE))
        a_command("pending", at=ago(2 * MINUTE), **caused_by(quiet))
        busy = an_event(at=ago(MINUTE))
        members(a_batch(6, **caused_by(busy)), pending=6)
        assert listed(operator, EVENTS_URL, enqueued="pending") == ids_of([busy, quiet])

    def test_members_of_a_batch_by_a_rare_status_are_found_behind_many_others(
        self, operator: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        batch = a_batch(7)
        (rare,) = members(batch, error=1)
        members(batch, success=6)
        monkeypatch.setattr(filters.Filter.searches, "__defaults__", (3,))
        page = read_page(COMMANDS, CommandFilter(batch_id=batch.pk, status="error"))
        assert ids_of(page.rows) == [str(rare)]

    def test_batches_and_workflows_by_status(self, operator: Client) -> None:
        batch = a_batch(status="error")
        a_batch(status="success")
        workflow = Workflow.objects.create(name="tests.flow", status="error", correlation_id=uuid7())
        Workflow.objects.create(name="tests.flow", status="success", correlation_id=uuid7())
        assert listed(operator, "/admin/engine/batches/", status="error") == ids_of([batch])
        assert listed(operator, "/admin/engine/workflows/", status="error") == ids_of([workflow])

    @pytest.mark.parametrize(
        "query", ["correlation=nonsense", "range=ever", "status=broken", "range=custom&from=yesterday", "before=7"]
    )
    def test_nonsense_in_the_address_is_named_and_left_out(self, operator: Client, query: str) -> None:
        command = a_command()
        page = look(operator, f"{COMMANDS_URL}?{query}")
        assert page.rows() == ids_of([command])
        assert "this was left out" in page.text

    def test_a_null_character_in_the_address_harms_nothing(self, operator: Client) -> None:
        assert listed(operator, COMMANDS_URL, type="tests.\0act") == []


class TestBounds:
    def test_a_search_that_would_read_too_much_says_how_far_it_looked_and_goes_on(
        self, operator: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(filters.Filter.searches, "__defaults__", (10,))
        rare = a_command(queue="rare", at=ago(30 * MINUTE))
        for number in range(20):
            a_command(at=ago(number * MINUTE))
        first = look(operator, COMMANDS_URL + "?queue=rare")
        assert first.rows() == []
        assert "Looked back as far as" in first.text
        (further,) = [at["href"] for at in first.having("rel", "next")]
        second = look(operator, COMMANDS_URL + further)
        (last,) = [at["href"] for at in second.having("rel", "next")]
        assert look(operator, COMMANDS_URL + last).rows() == ids_of([rare])

    def test_counting_stops_at_its_bound_and_says_so(self) -> None:
        for _ in range(5):
            a_command("error")
        walk = Walk(Command, Q(status="error"), Q(), Q(), limit=4)
        assert str(walk.count()) == "4+"

    def test_no_list_counts_without_a_limit(self, operator: Client) -> None:
        a_command()
        an_event()
        for url in (COMMANDS_URL, EVENTS_URL, "/admin/engine/batches/", "/admin/engine/workflows/"):
            with CaptureQueriesContext(connection) as queries:
                look(operator, url)
            unbounded = [q["sql"] for q in queries if "count(" in q["sql"].lower() and "limit" not in q["sql"].lower()]
            assert unbounded == [], url


class TestWhatIsShown:
    def test_totals_are_links_to_the_filter(self, operator: Client) -> None:
        a_command("pending")
        page = look(operator, COMMANDS_URL + "?type=tests.act")
        (pending,) = page.having("id", "total-pending")
        assert pending["href"] == "?type=tests.act&status=pending"

    def test_an_event_shows_a_state_for_each_command_it_enqueued_up_to_eight(self, operator: Client) -> None:
        event = an_event()
        for status in ("success", "error", *["success"] * 8):
            a_command(status, **caused_by(event))
        batch = a_batch(2, **caused_by(event))
        members(batch, success=2)
        page = look(operator, EVENTS_URL)
        assert sum("ops-mark" in at.get("class", "").split() for _, at in page.elements) == 8
        assert "+3" in page.text

    def test_commands_sent_before_and_after_a_large_batch_are_shown_too(
        self, operator: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(enqueued, "NEAR", 3)
        event = an_event()
        a_command("error", **caused_by(event))
        batch = a_batch(8, **caused_by(event))
        members(batch, success=8)
        a_command("cancelled", **caused_by(event))
        titles = [at["title"] for at in look(operator, EVENTS_URL).having("title") if "ops-mark" in at.get("class", "")]
        assert titles == ["command tests.act: error", "command tests.act: cancelled", "batch tests.many: processing"]

    def test_members_of_a_batch_are_no_states_of_the_event_but_the_batch_is(self, operator: Client) -> None:
        event = an_event()
        members(a_batch(3, status="error", **caused_by(event)), success=2, error=1)
        page = look(operator, EVENTS_URL)
        assert [at["title"] for at in page.having("title") if "ops-mark" in at.get("class", "")] == [
            "batch tests.many: error"
        ]

    @pytest.mark.parametrize("kind", ["events", "commands", "batches", "workflows"])
    def test_an_empty_list_says_what_would_fill_it_and_an_empty_search_offers_to_clear(
        self, operator: Client, kind: str
    ) -> None:
        url = reverse(f"admin:ops_{kind}")
        assert f"No {kind} yet" in look(operator, url).text
        assert "Clear all filters" in look(operator, f"{url}?status=error").text

    def test_tenants_are_called_by_the_names_that_the_host_gives_them(self, operator: Client) -> None:
        institution = Institution.objects.create(name="Faculty of Law", slug="law")
        a_command(tenant=str(institution.pk))
        assert "Faculty of Law" in look(operator, COMMANDS_URL).text


def test_ids_are_found_by_their_prefix_in_time() -> None:
    """A time range is a range of ids: what it finds agrees with what the rows say about their creation."""
    rows = [a_command(at=ago(number * MINUTE)) for number in range(10)]
    since, until = ago(5 * MINUTE), ago(2 * MINUTE)
    found = read_page(COMMANDS, CommandFilter(since=since, until=until)).rows
    assert [row.pk for row in found] == [row.pk for row in rows if since <= row.created_at < until]
    assert all(isinstance(row.pk, UUID) for row in found)
