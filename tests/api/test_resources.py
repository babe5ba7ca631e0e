"""The engine's rows over the API: found as in the console, shown with their flow, sent, acted upon, waited for."""

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection

from opsconsole.api.models import Token
from opsconsole.api.resources import waiting
from opsconsole.engine import send
from opsconsole.engine.messages import COMMANDS, EVENTS
from opsconsole.engine.models import Command, Event, Workflow
from opsconsole.engine.testing import run_until_idle
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7
from opsconsole.streams.aggregates import AGGREGATES
from opsconsole.streams.models import Subscription
from tests.api.callers import Program, a_program
from tests.api.samples import MAKERS
from tests.concurrency.races import PATIENCE, at_once
from tests.console.voyages import a_voyage, voyages
from tests.handlers_app.messages import Act
from tests.past import HOUR, a_batch, a_command, ago, an_event, caused_by, members

SEE = tuple(f"ops_engine.view_{kind}" for kind in ("event", "command", "batch", "workflow"))
DO = ("ops_engine.reprocess_command", "ops_engine.cancel_command", "ops_engine.retry_command",
      "ops_engine.reprocess_event", "ops_engine.reprocess_batch", "ops_engine.cancel_batch",
      "ops_engine.resume_workflow", "ops_api.send_command", "ops_api.emit_event")  # fmt: skip
C, E = "/api/v1/commands", "/api/v1/events"


@pytest.fixture
def program(request: pytest.FixtureRequest) -> Program:
    return a_program(*SEE, *DO)


def ids(program: Program, url: str, **query: Any) -> list[str]:
    answer = program.get(url, query)
    assert answer.status_code == 200, answer.content
    return [item["id"] for item in answer.json()["items"]]


@pytest.mark.django_db
class TestLists:
    def test_commands_are_narrowed_as_in_the_console(self, program: Program):
        cause = an_event()
        batch = a_batch(1)
        mine = a_command("error", tenant="a", queue="mail", type="tests.other", batch_id=batch.pk, **caused_by(cause))
        a_command("success")
        a_command("error", at=ago(3 * HOUR))
        narrowed: list[dict[str, Any]] = [
            {"status": "error", "range": "1h"}, {"tenant": "a"}, {"queue": "mail"}, {"type": "tests.other"},
            {"correlation": cause.correlation_id, "cause": cause.pk}, {"batch": batch.pk},
            {"condition": "unhealed", "from": ago(HOUR).isoformat()},
            {"ended_from": ago(HOUR).isoformat(), "ended_to": (clock.now() + HOUR).isoformat(), "status": "error"},
        ]  # fmt: skip
        for query in narrowed:
            assert ids(program, C, **query) == [str(mine.pk)], query

    @pytest.mark.parametrize("tenant", ["a ", " "])
    def test_whose_rows_they_are_is_compared_by_the_letter(self, program: Program, tenant: str):
        """In code a token may be made for such a tenant, too."""
        own = a_command(tenant=tenant)
        a_command(tenant="a")
        assert ids(a_program(*SEE, tenant=tenant), C) == [str(own.pk)]
        assert ids(a_program(*SEE, tenant=tenant), C, tenant="a") == []
        assert ids(program, C, tenant="a ") == ([str(own.pk)] if tenant == "a " else [])

    def test_events_are_found_by_what_became_of_their_commands(self, program: Program):
        event = an_event()
        a_command("error", **caused_by(event))
        an_event()
        assert ids(program, E, enqueued="error") == [str(event.pk)]

    def test_pages_follow_one_another_without_a_gap_while_rows_are_added(self, program: Program):
        expected = [str(a_command().pk) for _ in range(7)][::-1]
        seen, url = [], f"{C}?limit=3&type=tests.act"
        while url:
            page = program.get(url).json()
            seen += [item["id"] for item in page["items"]]
            a_command()
            url = page["next"]
        assert seen == expected


@pytest.mark.django_db
class TestOne:
    def test_a_command_tells_its_tries_and_its_flow(self, program: Program):
        event = an_event()
        command = a_command("error", log=None, error="no", error_class="No", **caused_by(event))
        child = a_command("pending", **caused_by(command))
        shown = program.get(f"{C}/{command.pk}").json()
        nodes = {node["id"]: node for node in shown["lineage"]["nodes"]}
        assert set(nodes) == {str(event.pk), str(command.pk), str(child.pk)}
        assert [(link["source"][:5], link["kind"]) for link in shown["lineage"]["links"]] == [
            ("event", "cause"), ("comma", "cause"),
        ]  # fmt: skip
        assert (shown["errorClass"], shown["causeId"], shown["tries"]) == ("No", str(event.pk), [])

    def test_whoever_does_not_want_its_flow_has_it_not_read(self, program: Program, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr("opsconsole.api.resources.lineage.read_flow", None)
        workflow = Workflow.objects.create(name="tests.flow", status="processing", correlation_id=uuid7())
        for url, row in (
            (C, a_command()),
            (E, an_event()),
            ("/api/v1/batches", a_batch(1)),
            ("/api/v1/workflows", workflow),
        ):
            answer = program.get(f"{url}/{row.pk}", {"lineage": "none"})
            assert (answer.status_code, answer.json()["lineage"]) == (200, None)

    def test_a_flow_that_spans_tenants_shows_each_its_own(self):
        event = an_event(tenant="a")
        mine, theirs = a_command(tenant="a", **caused_by(event)), a_command(tenant="b", **caused_by(event))
        answer = a_program(*SEE, tenant="a").get(f"{E}/{event.pk}")
        assert str(mine.pk) in answer.content.decode()
        assert str(theirs.pk) not in answer.content.decode()

    def test_a_batch_tells_its_members_and_a_workflow_its_steps(self, program: Program):
        batch = a_batch(3, "error")
        members(batch, success=2, error=1)
        assert program.get(f"/api/v1/batches/{batch.pk}").json()["members"] == {"success": 2, "error": 1}
        workflow = Workflow.objects.create(name="tests.flow", status="processing", correlation_id=uuid7())
        workflow.steps.create(name="first", number=1, target_kind="command", target_id=uuid7(), status="pending")
        steps = program.get(f"/api/v1/workflows/{workflow.pk}").json()["steps"]
        assert [(step["name"], step["status"]) for step in steps] == [("first", "pending")]

    def test_where_counting_stopped_is_told(self, program: Program, monkeypatch: pytest.MonkeyPatch):
        batch = a_batch(3, "error")
        members(batch, success=1, error=2)
        shown = program.get(f"/api/v1/batches/{batch.pk}").json()
        (node,) = shown["lineage"]["nodes"]
        assert (shown["isBounded"], node["isPartial"]) == (False, False)
        for name, bound in (("details.BOUND", 1), ("details.COUNTED", 1), ("members.BOUND", 1)):
            monkeypatch.setattr(f"opsconsole.engine.queries.{name}", bound)
        shown = program.get(f"/api/v1/batches/{batch.pk}").json()
        (node,) = shown["lineage"]["nodes"]
        assert (shown["isBounded"], node["isPartial"]) == (True, True)
        assert "success" not in {**shown["members"], **node["counts"]}


@pytest.mark.django_db
class TestSending:
    def test_a_command_by_the_name_of_its_type(self, program: Program):
        at = clock.now() + timedelta(hours=1)
        answer = program.post(C, {
            "type": "tests.act", "payload": {"number": 5}, "tenant": "a", "priority": 3, "notBefore": at.isoformat(),
            "unique": "five",
        })  # fmt: skip
        assert (answer.status_code, answer.json()["status"], answer.json()["isNew"]) == (202, "pending", True)
        command = Command.objects.get()
        assert command.payload == {"number": 5, "text": "", "anything": None}
        assert (command.tenant, command.priority) == ("a", 3)
        assert command.not_before == at
        again = program.post(C, {"type": "tests.act", "unique": "five", "tenant": "a"}).json()
        assert again == {"id": str(command.pk), "status": "pending", "isNew": False}
        assert program.post(C, {"type": "tests.act", "unique": "five", "tenant": "b"}).json()["isNew"]

    def test_how_often_it_is_tried_can_be_said_of_a_type_that_is_tried_again(self, program: Program):
        for name, tries in (("tests.act_again", 7), ("tests.act", 1)):
            assert program.post(C, {"type": name, "maxAttempts": tries}).status_code == 202
            assert Command.objects.get(type=name).max_attempts == tries

    def test_unique_keys_of_tenants_and_of_code_never_meet(self, program: Program):
        send(Act(), unique="a:b:c")
        for tenant, unique in (("a:b", "c"), ("a", "b:c"), ("t" * 100, "u" * 90)):
            assert program.post(C, {"type": "tests.act", "unique": unique, "tenant": tenant}).json()["isNew"]

    def test_a_unique_key_whose_command_is_gone_is_a_conflict(self, program: Program):
        asked = {"type": "tests.act", "unique": "five"}
        program.post(C, asked)
        Command.objects.all().delete()
        answer = program.post(C, asked)
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:opsconsole:problem:command-gone")

    def test_an_event_by_the_name_of_its_type(self, program: Program):
        answer = program.post(E, {"type": "tests.happened", "data": {"number": 5}, "tenant": "a"})
        assert (answer.status_code, answer.json()["status"]) == (201, "pending")
        event = Event.objects.get()
        assert (event.data["number"], event.tenant, event.cause_kind) == (5, "a", "api")

    @pytest.mark.parametrize(
        ("url", "body", "field"),
        [
            (C, {"type": "tests.none"}, "body.type"),
            (C, {"type": "tests.act", "payload": {"number": "five"}}, "body.payload.number"),
            (C, {"type": "tests.act", "payload": {"else": 1}}, "body.payload.else"),
            (C, {"type": "tests.act", "payload": []}, "body.payload"),
            (C, {"type": "tests.act", "queue": "nowhere"}, "body.queue"),
            (C, {"type": "tests.act", "priority": 40_000}, "body.priority"),
            (C, {"type": "tests.act", "maxAttempts": 2}, "body.maxAttempts"),
            (C, {"type": "tests.act", "unique": "x" * 91}, "body.unique"),
            (E, {"type": "tests.none"}, "body.type"),
            (E, {"type": "tests.happened", "data": {"number": None}}, "body.data.number"),
        ],
    )
    def test_what_does_not_fit_its_type_is_named_and_nothing_is_stored(
        self, program: Program, url: str, body: dict[str, Any], field: str
    ):
        answer = program.post(url, body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
        assert not Command.objects.exists()
        assert not Event.objects.exists()

    def test_what_an_aggregate_appends_is_emitted_by_nobody_else(self, program: Program):
        owned = next(name for _, one in AGGREGATES for name in one.__aggregate__.appliers if name in EVENTS)
        answer = program.post(E, {"type": owned, "data": {}})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.type")
        assert "belongs to the streams of" in answer.json()["detail"]

    @pytest.mark.parametrize("name", [name for name, message in COMMANDS if message.__contract__.internal])
    def test_what_the_system_sends_itself_is_sent_by_nobody_else(self, program: Program, name: str):
        answer = program.post(C, {"type": name, "payload": {}})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.type")
        assert "by the system itself" in answer.json()["detail"]

    def test_whatever_has_a_permission_or_a_machinery_of_its_own_is_internal(self):
        internal = {name for name, message in COMMANDS if message.__contract__.internal}
        assert internal >= {
            "streams.apply_parked", "reminders.call_back", "lending.daily_cycle", "lending.grant_balances",
            "billing.acknowledge_process_failure", "billing.ask_again", "billing.void_document", "reports.publish_report",
        }  # fmt: skip

    def test_an_internal_event_is_emitted_by_nobody_else(self, program: Program):
        answer = program.post(E, {"type": "tests.inner"})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "body.type")

    @pytest.mark.parametrize(("url", "name"), [(C, "tests.act_again"), (E, "tests.happened")])
    def test_who_acts_for_one_tenant_sends_only_what_keeps_within_it(self, program: Program, url: str, name: str):
        answer = a_program(*DO, tenant="a").post(url, {"type": name})
        assert (answer.status_code, answer.json()["type"]) == (403, "urn:opsconsole:problem:not-for-one-tenant")
        assert not Command.objects.exists()
        assert not Event.objects.exists()
        assert program.post(url, {"type": name, "tenant": "a"}).status_code in (201, 202)

    def test_a_payload_over_the_limit(self, program: Program, settings: Any):
        settings.OPSCONSOLE = {**settings.OPSCONSOLE, "payload_limit": 100}
        assert program.post(C, {"type": "tests.act", "payload": {"text": "x" * 200}}).status_code == 413


@pytest.mark.django_db
class TestActing:
    def test_one_is_reprocessed_with_a_reason(self, program: Program):
        root = a_command("error")
        answer = program.post(f"{C}/{root.pk}/reprocess", {"reason": "mended"}, **{"x-request-id": "mine-1"}).json()
        assert (answer["changed"], len(answer["made"])) == (1, 1)
        made = Command.objects.get(pk=answer["made"][0])
        assert (made.cause_id, made.metadata["reason"]) == (root.pk, "mended")
        assert (made.metadata["request"], made.metadata["actor"][-8:]) == ("mine-1", " (tests)")
        assert "reason: mended; via API token tests" in LogEntry.objects.get().change_message
        refused = program.post(f"{C}/{root.pk}/reprocess")
        assert (refused.status_code, refused.json()["detail"]) == (409, "Nothing was done: already being reprocessed.")

    def test_what_is_sent_to_a_process_by_hand_tells_who_sent_it_and_by_what_means(self):
        mover = a_program("ops_streams.move_process")
        with voyages():
            process = a_voyage("sailing", "aground")
            url = f"/api/v1/processes/{process.pk}/send/tests.tow"
            assert mover.post(url, {"reason": "high tide"}, **{"x-request-id": "mine-2"}).status_code == 202
        metadata = Command.objects.get(type="tests.tow").metadata
        assert (metadata["request"], metadata["reason"], metadata["actor"][-8:]) == ("mine-2", "high tide", " (tests)")
        assert "reason: high tide; via API token tests" in LogEntry.objects.get().change_message

    def test_what_was_done_is_told_as_text(self):
        Subscription.objects.create(name="tests.reader", kind="subscription", position=0)
        retrier = a_program("ops_streams.retry_subscription")
        url = "/api/v1/subscriptions/tests.reader/apply_parked"
        done, refused = (retrier.post(url, {"stream": "Bell & <Sons>"}) for _ in range(2))
        assert done.json()["done"].startswith("A command will apply the parked events of Bell & <Sons>: ")
        assert "the events of Bell & <Sons> are being applied already, by command " in refused.json()["detail"]

    @pytest.mark.parametrize(
        ("url", "body", "field"),
        [
            ("schedules/tests.schedule/pause", None, "body"),
            ("schedules/tests.schedule/pause", {}, "body.reason"),
            ("schedules/tests.schedule/pause", {"reason": " "}, "body.reason"),
            ("schedules/tests.schedule/skip", {"reason": ""}, "body.reason"),
            ("subscriptions/tests.reader/skip", {"position": 1}, "body.reason"),
            ("subscriptions/tests.reader/skip", {"position": 1, "reason": "\t"}, "body.reason"),
            ("subscriptions/tests.reader/skip", {"position": 10**18, "reason": "broken"}, "body.position"),
            ("subscriptions/tests.reader/apply_parked", {"stream": ""}, "body.stream"),
        ],
    )
    def test_what_it_must_be_told_is_named_when_it_is_missing(self, url: str, body: Any, field: str):
        MAKERS["Schedules"](), MAKERS["Subscriptions"]()
        permissions = ("ops_schedules.pause_schedule", "ops_schedules.skip_run", "ops_streams.skip_event")
        program = a_program(*permissions, "ops_streams.retry_subscription")
        answer = program.post(f"/api/v1/{url}", body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)

    def test_many_are_told_one_by_one_why_not(self, program: Program):
        waiting, done = a_command("pending"), a_command("success")
        answer = program.post(f"{C}/cancel", {"ids": [str(waiting.pk), str(done.pk), str(uuid7())]})
        assert answer.json() == {
            "changed": 1, "made": [], "skipped": {"it has ended: success": 1, "it does not exist": 1},
        }  # fmt: skip

    def test_of_batches_and_workflows_it_is_told_why_not_as_well(self, program: Program):
        batch = a_batch(1)
        members(batch, success=1)
        workflow = Workflow.objects.create(name="tests.flow", status="processing", correlation_id=uuid7())
        for url, row in (("batches/reprocess", batch), ("workflows/resume", workflow)):
            answer = program.post(f"/api/v1/{url}", {"ids": [str(row.pk), str(uuid7())]})
            assert answer.json()["skipped"] == {"it has nothing that this is for": 1, "it does not exist": 1}

    def test_no_more_than_a_thousand_at_once(self, program: Program):
        assert program.post(f"{C}/cancel", {"ids": [str(uuid7()) for _ in range(1_001)]}).status_code == 422
        assert program.post(f"{C}/cancel", {"ids": []}).status_code == 422


class TestResults:
    @pytest.mark.django_db
    def test_it_is_told_at_once_when_it_has_ended(self, program: Program):
        command = a_command("error", error_class="No", error="no")
        result = program.get(f"{C}/{command.pk}/result", {"wait": 10}).json()
        assert (result["done"], result["status"], result["error"]) == (True, "error", "no")

    @pytest.mark.django_db
    @pytest.mark.parametrize("wait", ["0", "0.2"])
    def test_it_is_told_when_the_time_is_over(self, program: Program, wait: str):
        result = program.get(f"{C}/{a_command('pending').pk}/result", {"wait": wait}).json()
        assert (result["done"], result["status"]) == (False, "pending")

    @pytest.mark.django_db
    @pytest.mark.parametrize("wait", ["-1", "nan", "inf", "soon", "1e9"])
    def test_a_time_that_is_none(self, program: Program, wait: str):
        assert program.get(f"{C}/{a_command('pending').pk}/result", {"wait": wait}).status_code == 422

    def test_who_waits_hears_of_the_end_and_holds_no_connection_meanwhile(
        self, fresh_engine: None, monkeypatch: pytest.MonkeyPatch
    ):
        command, looked, held = a_command("pending"), threading.Event(), []
        sleep = waiting.time.sleep

        def note(seconds: float) -> None:
            held.append(connection.connection)
            looked.set()
            sleep(seconds)

        monkeypatch.setattr(waiting.time, "sleep", note)

        def finish() -> None:
            assert looked.wait(PATIENCE)
            run_until_idle()

        found, _ = at_once(lambda: waiting.ended(command.pk, 20.0, "token:1"), finish)
        assert found.status == "success"
        assert set(held) == {None}

    @pytest.mark.django_db
    @pytest.mark.parametrize("most", [{"waiting": 1}, {"waiting_each": 1}])
    def test_too_many_do_not_wait_of_all_and_of_one_token(self, program: Program, settings: Any, most: dict[str, int]):
        settings.OPSCONSOLE_API = most
        mine = f"token:{Token.objects.get().pk}"
        assert waiting._take_a_place(mine)
        try:
            result = program.get(f"{C}/{a_command('pending').pk}/result", {"wait": 3000})
            assert json.loads(result.content)["done"] is False
            assert waiting._take_a_place("token:other") == ("waiting_each" in most)
        finally:
            waiting._waiting.clear()
