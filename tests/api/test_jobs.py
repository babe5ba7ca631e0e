"""Jobs: the calls of section 4, word for word, and what is refused with nothing stored."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test.utils import override_script_prefix

from opsconsole.api.jobs import job
from opsconsole.api.jobs.accepting import Order
from opsconsole.api.jobs.types import JOB_TYPES, JobType
from opsconsole.engine import Command as Message
from opsconsole.engine.messages import COMMANDS
from opsconsole.engine.models import Command
from opsconsole.kernel import clock
from opsconsole.reminders.commands import CallBack
from tests.api.callers import Program, a_program
from tests.handlers_app.messages import ActAgain
from tests.past import a_command

pytestmark = pytest.mark.django_db

QUICK = {
    "type": "SendEmail",
    "payload": '{"To": "user@example.com"}',
    "payloadType": "TaskFlow.Integrations.SendEmailPayload",
}
SEND, VIEW = "ops_api.send_job", "ops_api.view_job"


@pytest.fixture
def program() -> Program:
    return a_program(SEND, VIEW, "ops_engine.cancel_command", "ops_engine.reprocess_command")


def sent(program: Program, **changes: Any) -> Any:
    return program.post("/jobs", {**QUICK, **changes})


def job_of(program: Program, answer: Any) -> Any:
    assert answer.status_code == 202, answer.content
    return program.get(answer.headers["Location"]).json()


class TestPosting:
    def test_a_job_is_accepted_with_its_address(self, program: Program):
        answer = sent(program)
        assert answer.status_code == 202
        assert answer.json() == {"id": answer.json()["id"], "state": "Pending"}
        assert answer.headers["Location"] == f"/jobs/{answer.json()['id']}"
        command = Command.objects.get()
        assert (command.pk, command.type) == (UUID(answer.json()["id"]), "jobs.send_email")
        assert command.payload == {"to": "user@example.com", "subject": "", "body": ""}
        assert command.max_attempts == 4

    def test_its_address_is_right_below_a_prefix_too(self, program: Program):
        with override_script_prefix("/ops/"):
            assert sent(program).headers["Location"].startswith("/ops/jobs/")

    def test_a_payload_may_be_an_object(self, program: Program):
        job = job_of(program, sent(program, payload={"To": "user@example.com", "Subject": "Olá"}))
        assert job["payload"]["subject"] == "Olá"

    def test_everything_about_it_can_be_said(self, program: Program):
        at = (clock.now() + timedelta(hours=1)).isoformat()
        job = job_of(
            program,
            sent(program, scheduledFor=at, maxRetries=5, priority=-3, queue="default", idempotencyKey="a"),
        )
        told = {name: job[name] for name in ("state", "maxRetries", "priority", "queue", "idempotencyKey")}
        assert told == {
            "state": "Scheduled", "maxRetries": 5, "priority": -3, "queue": "default", "idempotencyKey": "a",
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"type": "NoSuchJob"}, "body.type"),
            ({"type": 5}, "body.type"),
            ({"type": None}, "body.type"),
            ({"payloadType": "Other.Payload"}, "body.payloadType"),
            ({"payload": "no JSON"}, "body.payload"),
            ({"payload": "[1]"}, "body.payload"),
            ({"payload": '{"To": "user@example.com\\u0000"}'}, "body.payload"),
            ({"payload": '{"To": NaN}'}, "body.payload"),
            ({"payload": {}}, "body.payload.To"),
            ({"payload": {"To": "nobody"}}, "body.payload.To"),
            ({"payload": {"To": "user@example.com", "Subject": "a\nBcc: x@example.com"}}, "body.payload.Subject"),
            ({"payload": {"To": "user@example.com", "Else": 1}}, "body.payload.Else"),
            ({"scheduledFor": "tomorrow"}, "body.scheduledFor"),
            ({"scheduledFor": "2030-01-01T00:00:00"}, "body.scheduledFor"),
            ({"scheduledFor": 5}, "body.scheduledFor"),
            ({"maxRetries": -1}, "body.maxRetries"),
            ({"maxRetries": "3"}, "body.maxRetries"),
            ({"maxRetries": True}, "body.maxRetries"),
            ({"priority": 2**70}, "body.priority"),
            ({"queue": "nowhere"}, "body.queue"),
            ({"idempotencyKey": ""}, "body.idempotencyKey"),
            ({"idempotencyKey": "a\0"}, "body.idempotencyKey"),
            ({"else": 1}, "body.else"),
        ],
    )
    def test_what_makes_no_sense_is_named_and_nothing_is_stored(
        self, program: Program, changes: dict[str, Any], field: str
    ):
        answer = sent(program, **changes)
        assert answer.status_code == 422, answer.content
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert field in [error["field"] for error in answer.json()["errors"]]
        assert not Command.objects.exists()


class TestTenants:
    def test_who_acts_for_one_sends_only_types_that_keep_within_it(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setitem(JOB_TYPES._items, "ActAgain", JobType("ActAgain", "", ActAgain))
        asked = {"type": "ActAgain", "payload": {}}
        answer = a_program(SEND, tenant="a").post("/jobs", asked)
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:opsconsole:problem:not-for-one-tenant")
        assert not Command.objects.exists()
        assert a_program(SEND).post("/jobs", asked).status_code == 202
        assert a_program(SEND, tenant="a").post("/jobs", QUICK).status_code == 202

    def test_an_internal_command_cannot_be_offered_as_a_job(self):
        with pytest.raises(ValueError, match="internal"):
            job("CallBack")(CallBack)


class TestKeys:
    def test_a_key_has_one_job_for_ever(self, program: Program):
        first = sent(program, idempotencyKey="a")
        Command.objects.update(status="success", finished_at=clock.now())
        again = sent(program, idempotencyKey="a")
        assert again.status_code == 202
        assert again.json() == {"id": first.json()["id"], "state": "Completed"}
        assert again.headers["Idempotency-Replayed"] == "true"
        assert Command.objects.count() == 1

    def test_another_job_with_the_key_is_a_conflict(self, program: Program):
        sent(program, idempotencyKey="a")
        answer = sent(program, idempotencyKey="a", payload='{"To": "other@example.com"}')
        assert answer.status_code == 409
        assert answer.json()["errors"][0]["field"] == "body.idempotencyKey"
        assert Command.objects.count() == 1

    def test_a_job_stays_the_same_when_its_type_gets_another_default(
        self, program: Program, monkeypatch: pytest.MonkeyPatch
    ):
        class Later(Message, name="tests.later"):
            number: int = 0

        class LaterStill(Message, name="tests.later_still"):
            number: int = 1
            text: str = ""

        monkeypatch.setattr(LaterStill, "__contract__", Later.__contract__)
        orders = [Order(one.model_validate({}), None, None, None, None) for one in (Later, LaterStill)]
        for one in ("tests.later", "tests.later_still"):
            COMMANDS.remove(one)
        assert orders[0].fingerprint == orders[1].fingerprint

    def test_keys_of_tenants_are_apart(self):
        for tenant in ("a", "b"):
            assert sent(a_program(SEND, VIEW, tenant=tenant), idempotencyKey="k").status_code == 202
        assert sorted(Command.objects.values_list("tenant", flat=True)) == ["a", "b"]


class TestSeeing:
    @pytest.mark.parametrize("identifier", ["0192f0c1-2d3e-7abc-8def-0123456789ab", "nothing", "1", "%00"])
    def test_what_is_no_job_is_said_in_a_message(self, program: Program, identifier: str):
        answer = program.get(f"/jobs/{identifier}")
        assert answer.status_code in (404, 422 if identifier == "%00" else 404)
        if answer.status_code == 404:
            assert answer.json()["message"].startswith("There is no job")

    def test_another_command_is_no_job(self, program: Program):
        assert program.get(f"/jobs/{a_command('error').pk}").status_code == 404

    def test_a_list_goes_on_where_a_page_ends(self, program: Program):
        ids = [sent(program).json()["id"] for _ in range(5)]
        a_command()
        seen, url = [], "/jobs?limit=2&type=SendEmail"
        while url:
            page = program.get(url).json()
            seen += [job["id"] for job in page["items"]]
            url = page["next"]
        assert seen == ids[::-1]

    @pytest.mark.parametrize(
        ("state", "columns"),
        [
            ("Pending", {"status": "pending"}),
            ("Pending", {"status": "awaiting"}),
            ("Pending", {"status": "awaiting", "not_before": 60}),
            ("Scheduled", {"status": "pending", "not_before": 60}),
            ("Failed", {"status": "pending", "not_before": 60, "attempts": 1, "error_class": "OSError"}),
            ("Pending", {"status": "pending", "not_before": 60, "attempts": 1, "losses": 1}),
            ("Pending", {"status": "pending", "not_before": 60, "losses": 1}),  # with others: none is charged
            ("Processing", {"status": "processing"}),
            ("Completed", {"status": "success"}),
            ("DeadLettered", {"status": "error"}),
            ("Cancelled", {"status": "cancelled"}),
        ],
    )
    def test_each_state_has_its_name_and_its_list(self, program: Program, state: str, columns: dict[str, Any]):
        due = clock.now() + timedelta(seconds=columns.pop("not_before", -1))
        job = a_command(type="jobs.send_email", not_before=due, payload={"to": "a@example.com"}, **columns)
        assert program.get(f"/jobs/{job.pk}").json()["state"] == state
        for one in ("Pending", "Scheduled", "Failed", "Processing", "Completed", "DeadLettered", "Cancelled"):
            found = [item["id"] for item in program.get("/jobs", {"state": one}).json()["items"]]
            assert found == ([str(job.pk)] if one == state else [])


class TestActing:
    def test_a_job_that_has_not_begun_is_cancelled(self, program: Program):
        answer = program.post(sent(program).headers["Location"] + "/cancel")
        assert (answer.status_code, answer.json()["state"]) == (200, "Cancelled")
        again = program.post(f"/jobs/{answer.json()['id']}/cancel")
        assert (again.status_code, again.json()["type"]) == (409, "urn:opsconsole:problem:not-applicable")

    def test_a_dead_letter_is_tried_again_as_a_new_job(self, program: Program):
        dead = a_command("error", type="jobs.send_email", payload={"to": "a@example.com"}, max_attempts=4)
        answer = program.post(f"/jobs/{dead.pk}/retry")
        assert answer.status_code == 202
        job = program.get(answer.headers["Location"]).json()
        assert (job["state"], job["retryOf"], job["maxRetries"]) == ("Pending", str(dead.pk), 3)
        assert program.get(f"/jobs/{dead.pk}").json()["state"] == "DeadLettered"
        assert program.post(f"/jobs/{dead.pk}/retry").status_code == 409

    def test_why_it_is_cancelled_or_tried_again_is_kept(self, program: Program):
        job = sent(program).headers["Location"]
        assert program.post(f"{job}/cancel", {"reason": "sent twice"}).json()["lastError"].endswith(": sent twice")
        again = program.post(f"{job}/retry", {"reason": "sent once, after all"}).json()["id"]
        assert Command.objects.get(pk=again).metadata["reason"] == "sent once, after all"
        for act in ("cancel", "retry"):
            answer = program.post(f"{job}/{act}", {"because": "of it"})
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.because")

    def test_one_that_was_tried_again_and_failed_is_tried_again(self, program: Program):
        dead = a_command("error", type="jobs.send_email", payload={"to": "a@example.com"})
        again = program.post(f"/jobs/{dead.pk}/retry").json()["id"]
        assert program.post(f"/jobs/{again}/retry").status_code == 409
        program.post(f"/jobs/{again}/cancel")
        answer = program.post(f"/jobs/{again}/retry")
        assert answer.status_code == 202, answer.content
        assert program.get(answer.headers["Location"]).json()["retryOf"] == str(dead.pk)


def test_what_was_sent_is_written_as_json_once(program: Program):
    assert json.loads(sent(program).content)["state"] == "Pending"
