"""Reminders over HTTP: shapes, refusals, permissions, tenants."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection

from opsconsole.api import once
from opsconsole.api.models import IdempotentAnswer
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.testing import run_until_idle
from opsconsole.kernel import clock
from opsconsole.kernel.addresses import target
from opsconsole.kernel.identifiers import uuid7
from opsconsole.reminders import api as endpoints
from opsconsole.reminders import delivering, operations
from opsconsole.reminders.commands import CallBack
from opsconsole.reminders.refusals import BadAddress
from opsconsole.reminders.requests import request
from tests.api.callers import Program, a_program

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = "/api/v1/reminders"
ALL = (endpoints.VIEW, endpoints.DEFINE, endpoints.CANCEL, endpoints.RESCHEDULE, endpoints.FIRE)
ADDRESS = "https://8.8.8.8/inbox"
KEY = {"idempotency-key": "a"}
TIMER = {"hours": 0, "minutes": 10, "seconds": 0, "address": ADDRESS}


@pytest.fixture
def program() -> Program:
    return a_program(*ALL)


def defined(program: Program, **given: Any) -> dict[str, Any]:
    answer = program.post(ROOT, {**TIMER, **given})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_reminder_is_defined_and_shown_at_once(program: Program):
    made = defined(program)
    assert made["status"] == "Active" and 599 < made["timeLeft"] <= 600 and isinstance(made["timeLeft"], float)
    shown = program.get(f"{ROOT}/{made['id']}").json()
    assert {**shown, "timeLeft": 0} == {**made, "timeLeft": 0}
    assert set(shown) == {
        *("id", "status", "timeLeft", "address", "scheduledAt", "attempts"),
        *("statusCode", "problem", "nextTryAt", "version", "tenant"),
    }


def test_a_moment_stands_for_a_timer(program: Program):
    at = (clock.now() + timedelta(hours=2)).isoformat()
    made = program.post(ROOT, {"at": at, "address": ADDRESS}).json()
    assert 7195 < made["timeLeft"] <= 7200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"address": ADDRESS}, "body.seconds"),
        ({**TIMER, "minutes": 0}, "body.seconds"),
        ({**TIMER, "hours": -1}, "body.hours"),
        ({**TIMER, "minutes": 65_536}, "body.minutes"),
        ({**TIMER, "seconds": "1"}, "body.seconds"),
        ({**TIMER, "seconds": 1.5}, "body.seconds"),
        ({**TIMER, "seconds": True}, "body.seconds"),
        ({**TIMER, "at": "2031-01-01T00:00:00Z"}, "body.at"),
        ({"at": "2001-01-01T00:00:00Z", "address": ADDRESS}, "body.at"),
        ({"at": "2031-01-01T00:00:00", "address": ADDRESS}, "body.at"),
        ({"at": "8999-01-01T00:00:00Z", "address": ADDRESS}, "body.at"),
        ({"minutes": 1}, "body.address"),
        ({**TIMER, "address": ""}, "body.address"),
        ({**TIMER, "address": "inbox"}, "body.address"),
        ({**TIMER, "address": "http://127.0.0.1/"}, "body.address"),
        ({**TIMER, "address": "http://[::ffff:10.0.0.1]/"}, "body.address"),
        ({**TIMER, "address": "https://8.8.8.8/" + "x" * 3000}, "body.address"),
        ({**TIMER, "adress": "x"}, "body.adress"),
    ],
)
def test_what_cannot_be_is_refused_with_the_field_named_and_nothing_stored(program: Program, body: Any, field: str):
    answer = program.post(ROOT, body)
    assert answer.status_code == 422, answer.content
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not StoredEvent.objects.exists()


def test_an_unknown_reminder_is_404_for_whatever_is_asked(program: Program):
    at = f"{ROOT}/{uuid7()}"
    answers = [
        program.get(at),
        program.get(f"{at}/events"),
        program.post(at, {}),
        program.post(f"{at}/cancel"),
        program.post(f"{at}/fire"),
        program.post(f"{at}/snooze", {"minutes": 1}),
        program.post(f"{at}/reschedule", {"minutes": 1}),
    ]
    assert [answer.status_code for answer in answers] == [404] * 7
    assert answers[0].headers["Content-Type"] == "application/problem+json"


def test_it_is_rescheduled_snoozed_fired_and_cancelled(program: Program):
    at = f"{ROOT}/{defined(program)['id']}"
    assert 3595 < program.post(f"{at}/reschedule", {"hours": 1, "reason": "later"}).json()["timeLeft"] <= 3600
    assert 55 < program.post(f"{at}/snooze", {"minutes": 1}).json()["timeLeft"] <= 60
    assert program.post(f"{at}/fire").json()["timeLeft"] == 0
    assert program.post(f"{at}/cancel", {"reason": "enough"}).json()["status"] == "Cancelled"
    refused = program.post(f"{at}/cancel")
    assert refused.status_code == 409 and refused.json()["detail"].startswith("Nothing was done: it is cancelled")
    told = program.get(f"{at}/events").json()["items"]
    assert [(one["version"], one["type"]) for one in told] == [
        (1, "reminders.defined"),
        (2, "reminders.rescheduled"),
        (3, "reminders.rescheduled"),
        (4, "reminders.rescheduled"),
        (5, "reminders.cancelled"),
    ]
    assert (told[1]["data"]["reason"], told[3]["data"]["how"]) == ("later", "fired")
    assert sorted(LogEntry.objects.values_list("change_message", flat=True)) == [
        "Cancel; reason: enough; via API token tests",
        "Fire now; via API token tests",
        "Reschedule; reason: later; via API token tests",
        "Snooze; via API token tests",
    ]


@pytest.mark.parametrize("body", [b"", b'{"id": 1}', b"not json", b"\xff"])
def test_it_takes_the_calls_of_reminders(program: Program, body: bytes):
    made = defined(program)
    answer = program.client.post(f"{ROOT}/{made['id']}", body, content_type="application/json")
    assert answer.status_code == 200 and answer.json()["id"] == made["id"]
    assert StoredEvent.objects.count() == 1


def test_the_second_try_of_a_call_is_the_same_request_to_a_receiver_that_knows_keys(program: Program):
    """This kit's own target refuses a key that comes back with another body."""
    made = defined(program)
    wanted = CallBack(reminder_id=made["id"], occasion=1, scheduled_at=made["scheduledAt"], address=ADDRESS)
    where = target(f"https://8.8.8.8/inbox/{made['id']}")
    answers = []
    for attempt in (1, 2):
        tried = request(0, wanted, where, attempt=attempt, called_at=clock.now())
        headers = {name: value for name, value in tried.headers.items() if name != "Content-Type"}
        path = f"{ROOT}/{made['id']}"
        answers.append(program.client.post(path, tried.body, content_type="application/json", headers=headers))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1].headers["Idempotency-Replayed"] == "true"


def test_one_that_cannot_be_read_is_a_problem_and_no_fault(program: Program):
    """As in a deployment, whose newer code has written what this one does not know."""
    path = f"{ROOT}/{defined(program)['id']}"
    StoredEvent.objects.update(schema_version=99)
    answers = [program.get(path), program.get(f"{path}/events"), program.post(path, {}), program.post(f"{path}/cancel")]
    assert {(answer.status_code, answer.json()["type"]) for answer in answers} == {
        (409, "urn:opsconsole:problem:unreadable")
    }


def test_the_list_goes_on_page_by_page_and_by_status(program: Program):
    made = [defined(program)["id"] for _ in range(5)]
    operations.cancel(made[2])
    run_until_idle()
    found, url = [], f"{ROOT}?limit=2"
    while url:
        page = program.get(url).json()
        found += [one["id"] for one in page["items"]]
        url = page["next"]
    assert found == made[::-1]
    (cancelled,) = program.get(f"{ROOT}?status=Cancelled").json()["items"]
    assert (cancelled["id"], cancelled["timeLeft"]) == (made[2], 0)
    assert program.get(f"{ROOT}?status=Lost").status_code == 422


def test_a_tenant_sees_nothing_of_another(program: Program):
    north, south = a_program(*ALL, tenant="north"), a_program(*ALL, tenant="south")
    made = defined(north)
    run_until_idle()
    at = f"{ROOT}/{made['id']}"
    assert made["tenant"] == "north" == north.get(at).json()["tenant"] == program.get(at).json()["tenant"]
    assert south.get(ROOT).json()["items"] == [] != north.get(ROOT).json()["items"]
    for answer in (
        south.get(at),
        south.get(f"{at}/events"),
        south.post(at, {}),
        south.post(f"{at}/cancel"),
        south.post(f"{at}/fire"),
        south.post(f"{at}/snooze", {"minutes": 1}),
        south.post(f"{at}/reschedule", {"minutes": 1}),
    ):
        assert answer.status_code == 404
    assert north.post(ROOT, {**TIMER, "tenant": "south"}).status_code == 403
    assert StoredEvent.objects.count() == 1


def test_without_the_permission_nothing_is_told(program: Program):
    at = f"{ROOT}/{defined(program)['id']}"
    viewer, nobody = a_program(endpoints.VIEW), a_program()
    for path in ("cancel", "fire", "snooze", "reschedule"):
        answer = viewer.post(f"{at}/{path}", {"minutes": 1})
        assert answer.status_code == 403 and re.search(r"ops_reminders\.\w+_reminder", answer.json()["detail"])
    assert viewer.post(ROOT, TIMER).status_code == 403
    assert {nobody.get(at).status_code, nobody.get(ROOT).status_code, nobody.post(at, {}).status_code} == {403}
    assert Program().get(at).status_code == 401


def test_in_a_demonstration_this_machine_needs_no_token(settings: Any):
    settings.OPSCONSOLE_API = {"open_on_loopback": True}
    settings.OPSCONSOLE_REMINDERS = {"allow_loopback": True}
    here = Program()
    made = defined(here, address="http://127.0.0.1:8000/api/v1/reminders")
    assert here.get(f"{ROOT}/{made['id']}").json()["status"] == "Active"
    assert here.post(f"{ROOT}/{made['id']}", {}).status_code == 200
    assert Program(**{"X-Forwarded-For": "1.2.3.4"}).get(ROOT).status_code == 401


def test_the_same_key_defines_one_reminder(program: Program):
    first, second = (program.post(ROOT, TIMER, **{"Idempotency-Key": "k1"}) for _ in range(2))
    assert first.json() == second.json() and second.headers["Idempotency-Replayed"] == "true"
    assert StoredEvent.objects.count() == 1


class TestLookingUp:
    """Finding the host of an address may take its time."""

    @pytest.fixture
    def seen(self, monkeypatch: pytest.MonkeyPatch) -> list[tuple[bool, bool]]:
        """For each look-up: whether a transaction was open, and a connection held."""
        looks: list[tuple[bool, bool]] = []

        def look(address: str) -> None:
            looks.append((connection.in_atomic_block, connection.connection is not None))

        monkeypatch.setattr(delivering, "check", look)
        monkeypatch.setattr(operations, "check", look)
        return looks

    def test_it_is_done_before_the_transaction_and_holds_no_connection(
        self, program: Program, seen: list[tuple[bool, bool]]
    ):
        defined(program)
        assert seen == [(False, False)]

    def test_an_answer_that_is_kept_needs_none(self, program: Program, seen: list[tuple[bool, bool]]):
        first, again = (program.post(ROOT, TIMER, **KEY) for _ in range(2))
        assert first.content == again.content
        assert len(seen) == 1

    def test_an_answer_whose_time_is_over_saves_none(self, program: Program, seen: list[tuple[bool, bool]]):
        for looks in (1, 2):
            assert program.post(ROOT, TIMER, **KEY).headers.get("Idempotency-Replayed") is None
            assert seen == [(False, False)] * looks
            IdempotentAnswer.objects.update(created_at=clock.now() - timedelta(days=2))

    def test_an_answer_whose_time_ends_when_it_was_found_saves_none(
        self, program: Program, seen: list[tuple[bool, bool]], monkeypatch: pytest.MonkeyPatch
    ):
        program.post(ROOT, TIMER, **KEY)
        IdempotentAnswer.objects.update(created_at=clock.now() - timedelta(days=2))
        answers = iter([True, False])
        monkeypatch.setattr(once, "_is_kept", lambda asked: next(answers))
        assert program.post(ROOT, TIMER, **KEY).headers.get("Idempotency-Replayed") is None
        assert seen == [(False, False)] * 2

    def test_a_refusal_of_it_is_told_and_nothing_is_stored(self, program: Program, monkeypatch: pytest.MonkeyPatch):
        def refuse(address: str) -> None:
            raise BadAddress("nobody knows this host", "address")

        monkeypatch.setattr(delivering, "check", refuse)
        answer = program.post(ROOT, TIMER)
        assert (answer.status_code, answer.json()["detail"]) == (422, "body.address: nobody knows this host")
        assert not StoredEvent.objects.exists()
