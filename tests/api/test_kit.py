"""What holds for every request, whatever it asks for."""

import json
import logging
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from opsconsole.api import admitting, health
from opsconsole.engine.models import Command, Event
from opsconsole.kernel.identifiers import uuid7
from tests.api.callers import JSON, Program, a_program
from tests.api.test_jobs import QUICK, SEND, VIEW
from tests.past import a_command

pytestmark = pytest.mark.django_db

EMIT = "ops_api.emit_event"
DEMONSTRATION = {"open_on_loopback": True}


@pytest.fixture
def program() -> Program:
    return a_program(SEND, VIEW, EMIT, "ops_engine.view_command", "ops_engine.view_event")


@contextmanager
def at_most(size: int) -> Iterator[None]:
    """No more bytes than that are taken at a time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < size
    finally:
        tracemalloc.stop()


def raw(program: Program, body: bytes, content_type: str = JSON, path: str = "/jobs") -> Any:
    return program.client.post(path, body, content_type=content_type)


class TestProblems:
    def test_they_say_what_where_and_which_request(self, program: Program):
        answer = program.post("/jobs", {**QUICK, "else": 1}, **{"x-request-id": "mine-1"})
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.json() == {
            "type": "about:blank", "title": "Unprocessable Entity", "status": 422, "instance": "/jobs",
            "detail": "body.else: Extra inputs are not permitted", "requestId": "mine-1",
            "errors": [{"field": "body.else", "detail": "Extra inputs are not permitted"}],
        }  # fmt: skip

    @pytest.mark.parametrize("path", ["/api/nothing", "/api/v1/commands/1/2/3", "/jobs/1/2", "/health/none", "/jobs/"])
    def test_what_is_not_there(self, program: Program, path: str):
        answer = program.get(path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")

    @pytest.mark.parametrize("method", ["delete", "put", "patch", "options", "trace"])
    def test_methods_that_are_not_offered(self, program: Program, method: str):
        answer = getattr(program.client, method)("/jobs")
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, POST")
        assert answer.headers["Content-Type"] == "application/problem+json"

    def test_our_own_mistakes_are_logged_and_not_shown(
        self, program: Program, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ):
        def fail(*args: Any, **kwargs: Any) -> None:
            raise ZeroDivisionError("secret detail")

        monkeypatch.setattr("opsconsole.api.jobs.endpoints.accept", fail)
        answer = program.post("/jobs", QUICK, **{"x-request-id": "r-7"})
        assert (answer.status_code, answer.json()["requestId"]) == (500, "r-7")
        assert b"secret" not in answer.content
        (record,) = [record for record in caplog.records if record.levelno == logging.ERROR and record.exc_info]
        assert "r-7" in record.getMessage()
        assert not Command.objects.exists()

    def test_no_line_of_the_log_is_made_up_by_a_caller(
        self, program: Program, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ):
        caplog.set_level(logging.INFO)
        with monkeypatch.context() as broken:
            broken.setattr("opsconsole.api.jobs.endpoints.details.find", None)
            assert program.get(f"/jobs/{uuid7()}%0Aall is well").status_code == 404
            broken.setattr("opsconsole.api.jobs.endpoints.UUID", None)
            assert program.get("/jobs/%0Aall is well").status_code == 500
        told = [record.getMessage() for record in caplog.records if record.name.startswith("opsconsole.api")]
        assert len(told) == 3
        assert not [line for line in told if "\n" in line]

    def test_a_number_of_too_many_digits_is_told_in_our_words(self, program: Program):
        assert raw(program, b"9" * 5_000).json()["detail"] == "The body holds a number of more digits than are read."

    def test_a_database_that_is_away_is_no_mistake_of_the_caller(
        self, program: Program, monkeypatch: pytest.MonkeyPatch
    ):
        def fail(*args: Any, **kwargs: Any) -> None:
            raise OperationalError("connection refused")

        monkeypatch.setattr(admitting, "_bearer", fail)
        answer = program.get("/jobs")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")

    def test_of_very_many_errors_only_the_number_is_told(self, program: Program):
        """An answer would be fifty times as long as what was sent."""
        unknown = {f"m{number}": 0 for number in range(500)}
        for path, body in (
            ("/jobs", unknown),
            ("/jobs", {**QUICK, "payload": unknown}),
            ("/api/v1/events", {"type": "tests.ignored", "data": unknown}),
        ):
            answer = program.post(path, body)
            assert (answer.status_code, len(answer.json()["errors"])) == (422, 1), answer.content
            assert "too many" in answer.json()["detail"]

    def test_a_list_of_ids_is_read_up_to_the_first_that_is_none(self):
        canceller = a_program("ops_engine.cancel_command")
        answer = canceller.post("/api/v1/commands/cancel", {"ids": ["x"] * 50})
        assert [error["field"] for error in answer.json()["errors"]] == ["body.ids.0"]

    def test_a_name_is_told_in_part_when_it_is_long(self, program: Program):
        assert len(program.post("/jobs", {**QUICK, "n" * 100_000: 1}).content) < 2_000


class TestHead:
    @pytest.mark.parametrize(
        "path", ["/health", "/health/live", "/health/ready", "/jobs", "/api/openapi.json", "/api/no"]
    )
    def test_it_answers_as_get_does_without_a_body(self, program: Program, path: str, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(health.clock, "now", lambda: datetime(2026, 3, 2, tzinfo=UTC))
        same = {"x-request-id": "same"}
        get, head = program.get(path, **same), program.client.head(path, headers=same)
        assert (head.status_code, head.content, head.headers) == (get.status_code, b"", get.headers)

    def test_a_server_gets_no_body_to_send(self, monkeypatch: pytest.MonkeyPatch):
        """Not only the client that we test with leaves it out."""
        monkeypatch.setattr("django.test.client.conditional_content_removal", lambda request, response: response)
        assert Program().client.head("/health").content == b""

    def test_what_is_only_posted_has_none(self, program: Program):
        answer = program.client.head("/api/v1/commands/cancel")
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")

    def test_it_needs_what_get_needs(self):
        assert Program().client.head("/jobs").status_code == 401


class TestRequestIds:
    def test_one_is_made_up_and_stands_in_the_log_and_with_what_was_made(
        self, program: Program, caplog: pytest.LogCaptureFixture
    ):
        caplog.set_level(logging.INFO)
        answer = program.post("/jobs", QUICK)
        identifier = answer.headers["X-Request-ID"]
        assert any(identifier in record.getMessage() for record in caplog.records if record.name == "opsconsole.api")
        assert Command.objects.get().metadata["request"] == identifier
        assert Command.objects.get().cause_kind == "api"

    @pytest.mark.parametrize("given", ["a b", "x" * 101, "<script>", "a\tb"])
    def test_one_that_cannot_be_logged_is_replaced(self, program: Program, given: str):
        assert program.get("/health", **{"x-request-id": given}).headers["X-Request-ID"] != given


class TestBodies:
    @pytest.mark.parametrize(
        ("body", "status"),
        [
            (b"{", 400),
            (b"\xff\xfe{}", 400),
            (b'{"type": NaN}', 400),
            (b'{"type": "SendEmail", "type": "SendEmail"}', 400),
            (b'{"payload": {"To": 1, "To": 1}}', 400),
            (b'{"type": Infinity}', 400),
            (b"[" * 100_000 + b"]" * 100_000, 400),
            (b'{"payload": ' + b"[" * 70 + b"]" * 70 + b"}", 400),
            (b"9" * 5_000, 400),
            (b'{"type": "a\\u0000"}', 422),
            (b'{"a\\u0000": 1}', 422),
            (b'{"type": "\\ud800"}', 422),
            (b'{"type": ["\\udfff"]}', 422),
            (b'"\\u0000"', 422),
            (b"null", 422),
            (b"[]", 422),
            (b"", 422),
            (b" " * 1_000_001, 413),
        ],
    )
    def test_what_is_refused(self, program: Program, body: bytes, status: int):
        answer = raw(program, body)
        assert answer.status_code == status, answer.content
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert not Command.objects.exists()

    @pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
    def test_only_json_is_taken(self, program: Program, kind: str):
        assert raw(program, json.dumps(QUICK).encode(), kind).status_code == 415

    def test_a_long_name_is_not_written_once_for_all_that_lies_below_it(self, program: Program):
        """It would be 300 MB here, and 120 GB within the limit of a body."""
        body = b'{"%s": [%s0], "x": "\\u0041"}' % (b"K" * 300_000, b"0," * 1_000)
        with at_most(30_000_000):
            assert raw(program, body).status_code == 422

    def test_where_something_unstorable_lies_is_told(self, program: Program):
        answer = raw(program, b'{"payload": {"a": [1, {"b": "\\u0000"}]}}')
        assert answer.json()["errors"][0]["field"] == "body.payload.a.1.b"

    def test_a_pair_of_surrogates_is_a_character(self, program: Program):
        body = b'{"type": "tests.happened", "data": {"text": "\\ud83d\\ude00 \\\\u0000"}}'
        answer = raw(program, body, path="/api/v1/events")
        assert answer.status_code == 201
        assert Event.objects.get().data["text"] == "\U0001f600 \\u0000"


class TestAddresses:
    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("statsu=error", "query.statsu"),
            ("status=error&status=success", "query.status"),
            ("status=broken", "query.status"),
            ("type=%00", "query.type"),
            ("type=", "query.type"),
            ("tenant=%20", "query.tenant"),
            ("limit=0", "query.limit"),
            ("limit=ten", "query.limit"),
            ("cursor=1", "query.cursor"),
            ("from=yesterday", "query.from"),
            ("from=2026-01-01T00:00:00", "query.from"),
            ("to=2026-02-30T00:00:00Z", "query.to"),
            ("from=5", "query.from"),
            ("a%00b=1", "query"),
        ],
    )
    def test_nonsense_is_named(self, program: Program, query: str, field: str):
        answer = program.get(f"/api/v1/commands?{query}")
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("from=0001-01-01T00:00:00Z", 1),
            ("to=9999-12-31T23:59:59-23:59", 1),
            ("to=0000-01-01T00:00:00Z", 0),
            ("from=9999-12-31T23:59:59-23:59&range=7d", 0),
        ],
    )
    def test_times_beyond_the_history_are_its_ends(self, program: Program, query: str, found: int):
        a_command()
        assert len(program.get(f"/api/v1/commands?{query}").json()["items"]) == found

    def test_a_page_has_a_most(self, program: Program, settings: Any):
        settings.OPSCONSOLE_API = {"largest_page": 2}
        for _ in range(3):
            a_command()
        page = program.get("/api/v1/commands?limit=100&type=tests.act").json()
        assert len(page["items"]) == 2
        assert page["next"].startswith("/api/v1/commands?limit=100&type=tests.act&cursor=")


class TestEtags:
    def test_what_the_caller_has_is_not_sent_again(self, program: Program):
        url = f"/api/v1/commands/{a_command().pk}"
        tag = program.get(url).headers["ETag"]
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = program.get(url, **{"if-none-match": known})
            assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
        Command.objects.update(status="error")
        assert program.get(url, **{"if-none-match": tag}).status_code == 200


class TestLoopback:
    def test_a_demonstration_lets_in_who_is_on_this_machine(self, settings: Any):
        assert Program().post("/jobs", QUICK).status_code == 401
        settings.OPSCONSOLE_API = DEMONSTRATION
        answer = Program().post("/jobs", QUICK)
        assert answer.status_code == 202
        assert Command.objects.get().metadata["actor"] == "loopback"
        assert Program().get(answer.headers["Location"]).status_code == 200
        assert Program().post(answer.headers["Location"] + "/cancel").status_code == 200

    @pytest.mark.parametrize("address", ["10.0.0.1", "::ffff:10.0.0.1", "", "unix"])
    def test_nobody_else(self, settings: Any, address: str):
        settings.OPSCONSOLE_API = DEMONSTRATION
        assert Client(REMOTE_ADDR=address).get("/jobs").status_code == 401

    @pytest.mark.parametrize(
        "header",
        [{"x-forwarded-for": "127.0.0.1"}, {"forwarded": "for=127.0.0.1"}, {"origin": "https://evil.example"},
         {"origin": "null"}, {"origin": "http://["}, {"via": "1.1 proxy"}],
    )  # fmt: skip
    def test_nor_whoever_comes_through_a_proxy_or_the_page_of_another_site(self, settings: Any, header: dict[str, str]):
        settings.OPSCONSOLE_API = DEMONSTRATION
        assert Client(headers=header).get("/jobs").status_code == 401

    def test_only_where_an_operation_allows_it(self, settings: Any):
        settings.OPSCONSOLE_API = DEMONSTRATION
        assert Program().get("/api/v1/commands").status_code == 401

    def test_a_wrong_token_is_wrong_here_too(self, settings: Any):
        settings.OPSCONSOLE_API = DEMONSTRATION
        assert Program("wrong").get("/jobs").status_code == 401


class TestQueries:
    @pytest.mark.parametrize("kind", ["events", "commands", "batches", "workflows", "processes", "subscriptions"])
    def test_a_list_asks_as_often_for_many_rows_as_for_few(
        self, kind: str, django_assert_max_num_queries: Any, django_assert_num_queries: Any
    ):
        from tests.api.samples import MAKERS

        needed = {"processes": "ops_streams.view_process", "subscriptions": "ops_streams.view_subscription"}
        singular = {"batches": "batch"}.get(kind, kind[:-1])
        program = a_program(needed.get(kind, f"ops_engine.view_{singular}"))
        if kind == "subscriptions":
            with django_assert_max_num_queries(10):
                program.get(f"/api/v1/{kind}")
            return
        counts = []
        for number in (1, 10):
            for subject in range(number):
                made = MAKERS[kind.capitalize()]
                if kind == "processes":
                    from opsconsole.streams.models import Process

                    Process.objects.filter(is_live=True).update(subject=f"{number}-{subject}-old", is_live=False)
                made()
            with django_assert_max_num_queries(10) as counted:
                assert len(program.get(f"/api/v1/{kind}").json()["items"]) >= number
            counts.append(len(counted))
        assert counts[0] == counts[1]
