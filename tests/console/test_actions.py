"""Actions: for one row, for a selection, for all that match; what is said afterwards is true."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse

from opsconsole.console.actions import ACTIONS, Action
from opsconsole.console.views import acting
from opsconsole.engine.models import Batch, Command, Event, Step, Workflow
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7
from tests.console.visitors import Page, look, told
from tests.past import a_batch, a_command, an_event, caused_by, members

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
ACT = {kind: reverse(f"admin:ops_{kind}_act") for kind in ("event", "command", "batch", "workflow")}


def post(client: Client, kind: str, action: str, *rows: Any, **more: Any) -> str:
    return told(client, ACT[kind], {"action": action, "id": [str(row.pk) for row in rows], **more})


def status(row: Any) -> str:
    return str(type(row).objects.get(pk=row.pk).status)


def reprocessings(root: Command) -> list[Command]:
    return list(Command.objects.filter(cause_kind="reprocess", cause_id=root.pk))


def later(**columns: Any) -> Command:
    return a_command("pending", not_before=clock.now() + HOUR, **columns)


class TestOneRow:
    def test_running_now_makes_a_waiting_command_due(self, operator: Client) -> None:
        command = later()
        assert "1 command made due at once" in post(operator, "command", "retry", command)
        command.refresh_from_db()
        assert command.not_before <= clock.now()

    def test_reprocessing_sends_a_linked_copy_that_the_message_links_to(self, operator: Client) -> None:
        root = a_command("error", payload={"number": 7})
        message = post(operator, "command", "reprocess", root)
        (copy,) = reprocessings(root)
        assert "1 command sent again" in message
        assert reverse("admin:ops_command", args=[copy.pk]) in message
        assert (copy.payload, copy.metadata["actor"]) == ({"number": 7}, "ana")
        assert status(root) == "error", "history is never rewritten"

    def test_cancelling_one_needs_no_confirmation(self, operator: Client) -> None:
        command = a_command("pending")
        assert "1 command cancelled" in post(operator, "command", "cancel", command)
        assert status(command) == "cancelled"

    def test_reprocessing_an_event_has_its_reactions_run_again(self, operator: Client) -> None:
        event = an_event("error")
        assert "1 event given to their reactions again" in post(operator, "event", "reprocess", event)
        assert status(event) == "pending"

    def test_reprocessing_a_batch_sends_its_failed_members_again(self, operator: Client) -> None:
        batch = a_batch(3, status="error")
        failed = members(batch, error=2, success=1)[:2]
        assert "2 commands sent again" in post(operator, "batch", "reprocess", batch)
        assert {row.cause_id for row in Command.objects.filter(cause_kind="reprocess")} == set(failed)

    def test_cancelling_a_batch_asks_first_then_cancels_what_waits(self, operator: Client) -> None:
        batch = a_batch(3)
        members(batch, pending=2, success=1)
        asked = operator.post(ACT["batch"], {"action": "cancel", "id": str(batch.pk)})
        assert "Cancel waiting: 1 batch?" in Page(asked.content.decode()).text
        assert not Command.objects.filter(status="cancelled").exists()
        assert "2 commands cancelled" in post(operator, "batch", "cancel", batch, confirmed="1")

    def test_resuming_a_workflow_sends_what_failed_in_it_again(self, operator: Client) -> None:
        workflow = Workflow.objects.create(name="tests.flow", status="error", correlation_id=uuid7())
        command = a_command("error", **caused_by(workflow))
        step = Step.objects.create(
            workflow=workflow, name="one", number=1, target_kind="command", target_id=command.pk, status="error"
        )
        Command.objects.filter(pk=command.pk).update(step_id=step.pk)
        assert "1 command sent again" in post(operator, "workflow", "resume", workflow)
        assert len(reprocessings(command)) == 1


class TestTruth:
    def test_what_was_skipped_is_counted_with_its_reasons(self, operator: Client) -> None:
        failed, fine, healed = a_command("error"), a_command("success"), a_command("error", healed_by=uuid7())
        message = post(operator, "command", "reprocess", failed, fine, healed)
        assert "1 command sent again" in message
        assert "2 skipped" in message
        assert "it is success, neither failed nor cancelled (1)" in message
        assert "a reprocessing has already succeeded (1)" in message

    def test_a_second_click_changes_nothing_and_says_why(self, operator: Client) -> None:
        root = a_command("error")
        post(operator, "command", "reprocess", root)
        message = post(operator, "command", "reprocess", root)
        assert "Nothing was sent again" in message
        assert "already being reprocessed" in message
        assert len(reprocessings(root)) == 1

    def test_nothing_chosen_changes_nothing(self, operator: Client) -> None:
        command = a_command("pending")
        assert "Nothing was chosen" in post(operator, "command", "cancel")
        assert status(command) == "pending"

    @pytest.mark.parametrize("given", ["nonsense", "", "0" * 40])
    def test_ids_that_are_none_are_passed_over(self, operator: Client, given: str) -> None:
        assert "Nothing was chosen" in told(operator, ACT["command"], {"action": "cancel", "id": given})

    def test_ids_that_name_nothing_are_told(self, operator: Client) -> None:
        assert "it does not exist" in told(operator, ACT["command"], {"action": "retry", "id": str(uuid7())})

    def test_an_unknown_action_does_nothing(self, operator: Client) -> None:
        command = a_command("pending")
        assert "no such action" in post(operator, "command", "obliterate", command)
        assert status(command) == "pending"


class TestSelections:
    def test_a_selection_is_acted_on_at_once(self, operator: Client) -> None:
        commands = [later() for _ in range(3)]
        other = later()
        assert "3 commands made due at once" in post(operator, "command", "retry", *commands)
        other.refresh_from_db()
        assert other.not_before > clock.now()

    def test_cancelling_a_selection_asks_first_and_keeps_the_reason(self, operator: Client) -> None:
        commands = [a_command("pending") for _ in range(2)]
        chosen = {"action": "cancel", "id": [row.pk for row in commands]}
        asked = Page(operator.post(ACT["command"], chosen).content.decode())
        assert "Cancel: 2 commands?" in asked.text
        assert {at["value"] for at in asked.having("name", "id")} == {str(row.pk) for row in commands}
        assert {status(row) for row in commands} == {"pending"}
        post(operator, "command", "cancel", *commands, confirmed="1", reason="wrong class")
        assert {status(row) for row in commands} == {"cancelled"}
        assert "wrong class" in Command.objects.get(pk=commands[0].pk).error


class TestAllThatMatch:
    def matching(self, operator: Client, action: str, query: dict[str, str], **more: str) -> str:
        return told(operator, ACT["command"], {"action": action, "matching": "1", "filter": urlencode(query), **more})

    def test_it_asks_first_showing_how_many_and_which(self, operator: Client) -> None:
        for _ in range(3):
            a_command("error", type="tests.wanted")
        data = {"action": "reprocess", "matching": "1", "filter": "status=error&type=tests.wanted"}
        text = Page(operator.post(ACT["command"], data).content.decode()).text
        assert "Reprocess: 3 commands?" in text
        assert "tests.wanted" in text
        assert not Command.objects.filter(cause_kind="reprocess").exists()

    def test_it_means_the_filter_as_it_is_when_confirmed_not_the_page(self, operator: Client) -> None:
        wanted = [a_command("error", type="tests.wanted") for _ in range(60)]
        other = a_command("error", type="tests.other")
        message = self.matching(operator, "reprocess", {"status": "error", "type": "tests.wanted"}, confirmed="1")
        assert "60 commands sent again" in message
        assert "and 55 more" in message
        assert all(len(reprocessings(row)) == 1 for row in wanted)
        assert reprocessings(other) == []

    def test_too_many_are_refused_with_a_plain_explanation(
        self, operator: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(acting, "MOST", 2)
        commands = [a_command("pending") for _ in range(3)]
        message = self.matching(operator, "cancel", {"status": "pending"}, confirmed="1")
        assert "Nothing was changed" in message
        assert "more than 2 commands" in message
        assert {status(row) for row in commands} == {"pending"}

    def test_a_filter_that_makes_no_sense_never_means_everything(self, operator: Client) -> None:
        command = a_command("pending")
        message = self.matching(operator, "cancel", {"correlation": "nonsense"}, confirmed="1")
        assert "Nothing was changed" in message
        assert status(command) == "pending"


class TestAudit:
    def test_every_action_is_logged_with_who_what_and_result(self, operator: Client) -> None:
        root = a_command("error")
        post(operator, "command", "reprocess", root)
        entry = LogEntry.objects.get()
        assert entry.user.get_username() == "ana"
        assert entry.object_id == str(root.pk)
        assert "Reprocess: 1 sent again" in entry.change_message
        assert entry.get_admin_url() == f"/admin/ops_engine/command/{root.pk}/change/"

    def test_the_log_leads_to_the_row(self, operator: Client) -> None:
        root = a_command("error")
        post(operator, "command", "reprocess", root)
        response = operator.get(LogEntry.objects.get().get_admin_url())
        assert response.headers["Location"] == reverse("admin:ops_command", args=[root.pk])

    def test_a_selection_is_one_entry_naming_its_filter(self, operator: Client) -> None:
        for _ in range(3):
            a_command("error")
        data = {"action": "reprocess", "matching": "1", "filter": "status=error", "reason": "mail is back"}
        told(operator, ACT["command"], {**data, "confirmed": "1"})
        entry = LogEntry.objects.get()
        assert entry.object_repr == "3 commands"
        assert "status=error" in entry.change_message
        assert "mail is back" in entry.change_message

    def test_what_is_refused_leaves_no_entry(self, operator: Client) -> None:
        told(operator, ACT["command"], {"action": "cancel"})
        assert not LogEntry.objects.exists()


class TestButtons:
    CASES = [
        (lambda: a_command("error"), "reprocess", ""),
        (
            lambda: a_command("success"),
            "reprocess",
            "It is success; only what failed or was cancelled can be reprocessed.",
        ),
        (lambda: a_command("error", healed_by=uuid7()), "reprocess", "A reprocessing has already succeeded."),
        (lambda: a_command("error", cause_kind="reprocess", cause_id=uuid7()), "reprocess", "reprocess its root"),
        (lambda: a_command("error", type="legacy.gone"), "reprocess", "No code here answers"),
        (lambda: a_command("error", payload={"number": "x"}), "reprocess", "does not fit its type today"),
        (later, "retry", ""),
        (lambda: a_command("pending"), "retry", "It is due already."),
        (lambda: a_command("error"), "retry", "reprocess it instead"),
        (lambda: a_command("pending"), "cancel", ""),
        (lambda: a_command("processing"), "cancel", "It is running already."),
        (lambda: a_command("success"), "cancel", "It has ended: success."),
        (lambda: an_event("error"), "reprocess", ""),
        (lambda: an_event("success"), "reprocess", "only failed events can be reprocessed"),
        (lambda: a_batch(status="error"), "reprocess", ""),
        (lambda: a_batch(status="success"), "reprocess", "All its members succeeded."),
    ]

    @pytest.mark.parametrize(("make", "action", "obstacle"), CASES)
    def test_a_button_can_be_pressed_or_says_why_not(
        self, operator: Client, make: Callable[[], Any], action: str, obstacle: str
    ) -> None:
        row = make()
        page = look(operator, reverse(f"admin:ops_{type(row).__name__.lower()}", args=[row.pk]))
        buttons = [at for at in page.having("name", "action") if at["value"] == action]
        reasons = [at["data-reason"] for at in page.having("data-reason")]
        if obstacle:
            assert not buttons
            assert any(obstacle in reason for reason in reasons)
        else:
            assert len(buttons) == 1
            assert buttons[0]["form"] == "act"

    def test_rows_are_only_read_in_the_admin(self, operator: Client) -> None:
        for model in (Event, Command, Batch, Workflow):
            name = model._meta.model_name
            assert operator.get(f"/admin/ops_engine/{name}/add/").status_code == 404
            assert operator.get(f"/admin/ops_engine/{name}/{uuid7()}/delete/").status_code == 404


class TestReturning:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ("/admin/engine/commands/?status=error&before=x", "/admin/engine/commands/?status=error&before=x"),
            ("https://evil.example/admin/", "/admin/engine/commands/"),
            ("//evil.example/admin/", "/admin/engine/commands/"),
            ("/elsewhere/", "/admin/engine/commands/"),
            ("", "/admin/engine/commands/"),
        ],
    )
    def test_one_returns_to_where_the_button_was_and_only_within_the_site(
        self, operator: Client, given: str, expected: str
    ) -> None:
        response = operator.post(ACT["command"], {"action": "cancel", "next": given})
        assert response.headers["Location"] == expected


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: f"{action.kind} {action.name}")
def test_every_action_has_its_icon(action: Action):
    icons = Path(finders.find("ops_console/icons.svg")).read_text()
    assert f'id="{action.name}"' in icons
