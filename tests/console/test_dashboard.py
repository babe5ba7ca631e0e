"""The front page: what it says, to whom, and where its numbers lead."""

import json
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from opsconsole.engine import rollups
from opsconsole.engine.models import Claim, Leadership, Pause, RollupMark, Runner
from opsconsole.engine.queries.history import floor
from opsconsole.engine.queries.present import database_now
from opsconsole.kernel.identifiers import uuid7
from tests.console.visitors import look, somebody
from tests.past import HOUR, MINUTE, a_batch, a_command, an_event

pytestmark = pytest.mark.django_db

FRONT = "/admin/"


def people() -> None:
    """A worker and a leading dispatcher."""
    Runner.objects.create(name="host:1", kind="worker", host="host", pid=1)
    Runner.objects.create(name="host:2", kind="dispatcher", host="host", pid=2)
    Leadership.objects.create(role="dispatcher", owner="host:2", until=database_now() + HOUR)


def a_day() -> None:
    """Work of the last days, rolled up, and some that is not."""
    now = database_now()
    for age in (5 * MINUTE, 2 * HOUR, 20 * HOUR, 5 * 24 * HOUR):
        a_command("success", at=now - age, type="t.mail", seconds=0.5)
        a_command("error", at=now - age, type="t.mail")
        an_event("success", at=now - age, type="t.event")
    a_command("success", at=now - MINUTE, type="t.other")
    a_command("pending", at=now - 10 * MINUTE, queue="mail")
    an_event("error", at=now - 2 * HOUR, type="t.event")
    RollupMark.objects.update(until=floor(now - timedelta(days=20), MINUTE))
    rollups.roll_up()


def matching(client: Client, url: str) -> str:
    """How many rows the list at `url` says that it has."""
    found = re.search(r"([\d,]+)\+? match", look(client, url).text)
    return found[1].replace(",", "") if found else "0"


def parts(html: str, pattern: str) -> list[Any]:
    return re.findall(pattern, html, re.DOTALL)


def test_all_well_is_the_first_thing_said(operator: Client) -> None:
    people()
    a_command()
    rollups.roll_up()
    text = look(operator, FRONT).text
    assert "All well: nothing failed in the last hour, nothing waits, 1 worker alive" in text


def test_a_fresh_installation_is_told_how_to_begin(operator: Client) -> None:
    page = look(operator, FRONT)
    assert "Nothing has happened here yet" in page.text
    assert "@reacts_to(OrderPlaced)" in page.text
    assert not page.having("id", "activity")


def test_every_number_of_the_cards_leads_to_as_many_rows(operator: Client) -> None:
    a_day()
    a_batch(status="error")
    html = operator.get(FRONT).content.decode()
    cards = parts(html, r'href="([^"]+)" id="card-[a-z-]+" class="dash-number.*?dash-number-count">([\d,]+)<')
    assert len(cards) == 4 + 6 + 6
    for url, count in cards:
        assert matching(operator, url) == count


def test_every_cell_of_the_failures_leads_to_as_many_rows(operator: Client) -> None:
    a_day()
    html = operator.get(FRONT).content.decode()
    cells = parts(html, r'<a href="([^"]+)" id="fail-[^"]+"[^>]*>(\d+)</a>')
    assert [count for _, count in cells] == ["1", "2", "3", "4", "1", "1", "1"]
    for url, count in cells:
        assert matching(operator, url.replace("&amp;", "&")) == count


@pytest.mark.parametrize("choice", ["1h", "24h", "7d"])
def test_every_bar_has_a_row_in_the_table_that_leads_to_what_it_counts(operator: Client, choice: str) -> None:
    a_day()
    html = operator.get(FRONT, {"range": choice}).content.decode()
    (data,) = parts(html, r'<script id="activity-data" type="application/json">(.*?)</script>')
    buckets = [bucket for bucket in json.loads(data)["buckets"] if any(bucket["counts"])]
    (table,) = parts(html, r'<details class="pic-equal" id="activity-table">(.*?)</details>')
    links = parts(table, r'<td class="is-number"><a href="([^"]+)">(\d+)</a>')
    assert sum(map(sum, (bucket["counts"] for bucket in buckets))) == sum(int(count) for _, count in links) > 0
    for url, count in links:
        assert matching(operator, url.replace("&amp;", "&")) == count


def test_a_bar_and_its_row_mean_the_same_time(operator: Client) -> None:
    a_day()
    html = operator.get(FRONT).content.decode()
    (data,) = parts(html, r'<script id="activity-data" type="application/json">(.*?)</script>')
    latest = next(bucket for bucket in reversed(json.loads(data)["buckets"]) if any(bucket["counts"]))
    url = parts(html, r'"(/admin/engine/commands/\?[^"]*ended_to=[^"]+)"')[0].replace("&amp;", "&")
    query = parse_qs(urlsplit(url).query)
    assert (query["ended_from"], query["ended_to"]) == ([latest["from"]], [latest["to"]])


def test_events_are_told_when_they_are_asked_for(operator: Client) -> None:
    a_day()
    html = operator.get(FRONT, {"of": "event", "range": "7d"}).content.decode()
    (data,) = parts(html, r'<script id="activity-data" type="application/json">(.*?)</script>')
    assert json.loads(data)["kind"] == "event"
    assert "Events by type" in html


@pytest.mark.parametrize("query", [{"range": "9y"}, {"of": "batch"}, {"range": "'", "of": "<script>"}])
def test_nonsense_in_the_address_shows_the_usual(operator: Client, query: dict[str, str]) -> None:
    a_day()
    assert "Finished minute by minute" in operator.get(FRONT, query).content.decode()


def test_what_waits_and_who_works_is_shown(operator: Client) -> None:
    people()
    a_day()
    claim = Claim.objects.create(
        id=uuid7(), kind="command", queue="mail", worker="host:1", size=1, lease_until=database_now() + HOUR,
        progress={"done": 3, "total": 9, "note": "letters"},
    )  # fmt: skip
    a_command("processing", claim_id=claim.pk, place=1, type="t.slow")
    Pause.objects.create(scope="tenant", key="uni", paused_by="ana")
    text = look(operator, FRONT).text
    assert "10 min" in text
    assert "t.slow" in text and "3 of 9 letters" in text
    assert "leads" in text
    assert "Tenant uni is paused by ana" in text


def test_kinds_that_a_user_may_not_see_are_nowhere() -> None:
    people()
    a_day()
    a_batch(status="error")
    html = somebody("view_event").get(FRONT).content.decode()
    assert "t.event" in html
    for hidden in (
        "t.mail",
        "card-command",
        "card-batch",
        "Run time by type",
        "of the last 24 hours failed",
        "due-mail",
    ):
        assert hidden not in html


def test_a_user_who_may_see_nothing_is_told_what_is_missing() -> None:
    a_day()
    text = look(somebody(), FRONT).text
    assert "Can view event" in text
    assert "t.mail" not in text


def test_the_page_refreshes_only_when_something_changed(operator: Client) -> None:
    people()
    a_day()
    headers = {"HX-Request": "true", "HX-Target": "live"}
    first = operator.get(FRONT, headers=headers)
    assert first.status_code == 200 and b"<html" not in first.content
    version = first.headers["X-Ops-Version"]
    a_command("error", type="t.new")
    changed = operator.get(FRONT, headers={**headers, "X-Ops-Version": version})
    assert changed.status_code == 200 and b"t.new" in changed.content


def test_nothing_inline_is_on_the_page(operator: Client) -> None:
    people()
    a_day()
    page = look(operator, FRONT)
    assert page.inline_scripts == []
    assert page.having("style") == []
    assert [name for _, at in page.elements for name in at if name.startswith("on")] == []


def test_every_element_that_is_refreshed_in_place_has_an_id_of_its_own(operator: Client) -> None:
    people()
    a_day()
    ids = [at["id"] for at in look(operator, FRONT).having("id")]
    assert len(ids) == len(set(ids))


def test_more_history_asks_no_more_questions(operator: Client, django_assert_max_num_queries: Any) -> None:
    people()
    a_day()
    operator.get(FRONT)
    with django_assert_max_num_queries(45):
        operator.get(FRONT)


def test_a_type_with_markup_in_its_name_is_only_text(operator: Client) -> None:
    a_command("error", type="<img src=x onerror=alert(1)>")
    assert "<img src=x" not in operator.get(FRONT).content.decode()
