"""Streams: found by the beginning of their name, read backward, and what the aggregate was at any version."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from opsconsole.console.differences import Difference, between
from opsconsole.engine import sequencing
from opsconsole.engine.models import Event
from opsconsole.engine.models.stream import Stream
from opsconsole.streams.queries import states, streams
from tests.console.visitors import look, somebody
from tests.past import an_event
from tests.streams.bank import Closed, Deposited, Noted, deposits, put

pytestmark = pytest.mark.django_db

LIST, ONE = reverse("admin:ops_streams"), reverse("admin:ops_stream")


@pytest.fixture(autouse=True)
def _begun(db: None) -> None:
    sequencing.begin()


def url_of(name: str, **more: Any) -> str:
    return f"{ONE}?{urlencode({'name': name, **more})}"


def listed(client: Client, **query: Any) -> list[str]:
    return look(client, f"{LIST}?{urlencode(query)}").rows()


class TestFinding:
    def test_without_any_it_says_how_one_comes_to_be(self, operator: Client) -> None:
        assert "append(stream, event)" in look(operator, LIST).text

    def test_those_written_to_last_come_first(self, operator: Client) -> None:
        put("bank.account-1", Deposited())
        put("bank.account-2", Deposited())
        put("bank.account-1", Deposited())
        assert listed(operator) == ["bank.account-1", "bank.account-2"]

    def test_by_the_beginning_of_the_name(self, operator: Client) -> None:
        for name in ("bank.account-1", "bank.account-2", "bank.accounting-1", "Bank.account-3"):
            put(name, Deposited())
        assert listed(operator, q="bank.account-") == ["bank.account-1", "bank.account-2"]
        assert "No stream begins like this" in look(operator, f"{LIST}?q=account").text

    def test_signs_that_mean_something_to_sql_mean_themselves(self, operator: Client) -> None:
        for name in ("tests.a%-1", "tests.a_-1", "tests.ab-1", "tests.a\\-1"):
            put(name, Deposited())
        for sign in "%_\\":
            assert listed(operator, q=f"tests.a{sign}") == [f"tests.a{sign}-1"]

    def test_pages_go_on_where_the_last_one_ended(self, operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(streams, "STREAMS", 2)
        for number in range(5):
            put(f"bank.account-{number}", Deposited())
        met, address = [], "?by=name"
        while address:
            page = look(operator, LIST + address)
            met += page.rows()
            address = next((at["href"] for at in page.having("rel", "next")), "")
        assert met == [f"bank.account-{number}" for number in range(5)]

    def test_a_stream_whose_events_are_gone_is_still_found(self, operator: Client) -> None:
        Stream.objects.create(id="bank.account-1", version=3)
        assert "no longer kept" in look(operator, f"{LIST}?q=bank").text
        assert "retention has dropped them" in look(operator, url_of("bank.account-1")).text

    def test_the_search_box_finds_streams_by_their_beginning(self, operator: Client) -> None:
        put("bank.account-1", Deposited())
        assert url_of("bank.account-1") in look(operator, f"{reverse('admin:ops_search')}?q=bank.acc").links

    def test_the_search_walks_the_index_only(self, operator: Client) -> None:
        Stream.objects.bulk_create(Stream(id=f"tests.many-{number}", version=1) for number in range(20_000))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE ops_engine_stream")
            cursor.execute(
                "EXPLAIN SELECT id, version FROM ops_engine_stream WHERE id LIKE 'tests.many-1%' AND id ~>~ ''"
                " ORDER BY id USING ~<~ LIMIT 51"
            )
            plan = " ".join(line for (line,) in cursor.fetchall())
        assert "Index" in plan and "Sort" not in plan and "Seq Scan" not in plan


class TestEvents:
    def test_the_latest_first_with_version_and_position(self, operator: Client) -> None:
        put("bank.account-1", *deposits(1, 2, 3))
        sequencing.catch_up()
        page = look(operator, url_of("bank.account-1"))
        assert page.rows() == ["v3", "v2", "v1"]
        events = {event.version: event for event in Event.objects.filter(stream="bank.account-1")}
        for event in events.values():
            assert reverse("admin:ops_event", args=[event.pk]) in page.links
            assert str(event.position) in page.text

    def test_pages_go_on_before_a_version(self, operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(streams, "EVENTS", 2)
        put("bank.account-1", *deposits(1, 2, 3, 4, 5))
        page = look(operator, url_of("bank.account-1"))
        (older,) = [at["href"] for at in page.having("rel", "next")]
        assert (page.rows(), look(operator, ONE + older).rows()) == (["v5", "v4"], ["v3", "v2"])

    def test_an_event_leads_to_its_stream_and_version_and_back(self, operator: Client) -> None:
        put("bank.account-1", *deposits(1, 2, 3))
        event = Event.objects.get(stream="bank.account-1", version=2)
        url = url_of("bank.account-1", version=2, before=3)
        assert url in look(operator, reverse("admin:ops_event", args=[event.pk])).links
        page = look(operator, url)
        assert page.rows() == ["v2", "v1"]
        assert "Account after version 2" in page.text

    @pytest.mark.parametrize("name", ["", "no.such-1", "x" * 500])
    def test_a_stream_that_there_is_not_explains_itself(self, operator: Client, name: str) -> None:
        assert "No stream" in look(operator, url_of(name), status=404).text


class TestState:
    def test_what_the_aggregate_is_and_what_the_last_event_changed(self, operator: Client) -> None:
        put("bank.account-1", *deposits(1, 2, 3), Closed())
        page = look(operator, url_of("bank.account-1"))
        assert "Account after version 4" in page.text
        assert '"balance" : 6' in page.text
        assert "is_closed false true" in page.text

    def test_at_any_version_against_any_other(self, operator: Client) -> None:
        put("bank.account-1", *deposits(1, 2, 3))
        text = look(operator, url_of("bank.account-1", version=1, against=3)).text
        assert "Account after version 1" in text and "What differs from version 3" in text and "balance 6 1" in text

    def test_version_0_is_the_beginning(self, operator: Client) -> None:
        put("bank.account-1", *deposits(5))
        assert "balance 0 5" in look(operator, url_of("bank.account-1", version=1, against=0)).text

    def test_versions_beyond_the_last_mean_the_last_and_nonsense_is_named(self, operator: Client) -> None:
        put("bank.account-1", *deposits(5))
        assert "Account after version 1" in look(operator, url_of("bank.account-1", version=99)).text
        assert "“two” is not a number" in look(operator, url_of("bank.account-1", version="two")).text

    def test_a_stream_that_no_aggregate_is_folded_from_says_so(self, operator: Client) -> None:
        put("tests.nothing-1", Deposited())
        assert (
            "No code here folds streams of the category tests.nothing" in look(operator, url_of("tests.nothing-1")).text
        )

    def test_an_event_that_cannot_be_applied_does_not_keep_the_page_from_opening(self, operator: Client) -> None:
        put("bank.account-1", Deposited(), Noted())
        assert "It cannot be told: NotApplied" in look(operator, url_of("bank.account-1")).text

    def test_more_events_than_a_page_may_fold_are_not_folded(
        self, operator: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(states, "BOUND", 2)
        put("bank.account-1", *deposits(1, 2, 3))
        assert "folded from 3 events, more than a page may take (2)" in look(operator, url_of("bank.account-1")).text


def test_whoever_may_not_view_events_sees_no_streams() -> None:
    visitor = somebody("view_command")
    for url in (LIST, url_of("bank.account-1")):
        assert "ops_engine.view_event" in look(visitor, url, status=403).text


def test_markup_in_names_and_states_is_shown_not_obeyed(operator: Client) -> None:
    evil = '<img src=x onerror=alert(1)><script>alert("x")</script>-1'
    an_event(stream=evil, version=1)
    Stream.objects.create(id=evil, version=1)
    for url in (LIST, f"{LIST}?by=name", f"{LIST}?{urlencode({'q': evil})}", url_of(evil)):
        html = operator.get(url).content.decode()
        assert "<img src=x" not in html and "<script>alert" not in html


@pytest.mark.parametrize(
    ("before", "after", "rows"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": 2}, [Difference("a", "changed", "1", "2")]),
        ({}, {"a": {"b": 1}}, [Difference("a", "added", after='{"b": 1}')]),
        ({"a": {"b": 1}}, {"a": {}}, [Difference("a.b", "removed", before="1")]),
        ({"a": [1, 2]}, {"a": [1, 3, 4]}, [Difference("a[1]", "changed", "2", "3"), Difference("a[2]", "added", after="4")]),
        ({"a": 1}, {"a": True}, [Difference("a", "changed", "1", "true")]),
        ({"a": [1]}, {"a": None}, [Difference("a", "changed", "[1]", "null")]),
    ],
)  # fmt: skip
def test_differences_are_told_value_by_value(before: Any, after: Any, rows: list[Difference]) -> None:
    assert between(before, after).rows == rows


def test_of_very_many_differences_the_first_are_told() -> None:
    found = between({}, {f"n{number}": "x" * 1_000 for number in range(500)})
    assert (len(found.rows), found.is_more) == (100, True)
    assert len(found.rows[0].after) == 300


def test_pages_that_have_not_changed_are_not_sent_again(operator: Client) -> None:
    put("bank.account-1", *deposits(1, 2))
    for url in (LIST, url_of("bank.account-1")):
        headers = {"HX-Request": "true", "HX-Target": "live"}
        version = operator.get(url, headers=headers).headers["X-Ops-Version"]
        assert operator.get(url, headers={**headers, "X-Ops-Version": version}).status_code == 204
