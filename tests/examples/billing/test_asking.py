"""What can be asked for on the page at /voiding/, by whom, and how it answers."""

import json

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.testing import run_until_idle
from opsconsole.examples.billing.commands import MarkDocumentAsVoided
from opsconsole.examples.billing.models import Document, Report, ReportedDocument
from opsconsole.examples.billing.voiding.looks import AGREED, LEGEND, UNHEARD
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7
from opsconsole.streams.models import Move, Process
from tests.console.visitors import Page, logged_in, look, somebody, told
from tests.examples.billing.paperwork import (
    a_process,
    do,
    failed,
    issued,
    publish,
    report_of,
    reported,
    the_process,
    void,
)
from tests.examples.billing.sights import PAGE, SEEING, live
from tests.past import HOUR

pytestmark = pytest.mark.usefixtures("paperwork")


class TestAsking:
    def test_what_has_come_true_already_is_not_asked_for(self, operator: Client) -> None:
        document = issued()
        void(document)
        publish(report_of(document))
        process, before = the_process(), StoredCommand.objects.count()
        for what, why in {
            f"documents/{document.pk}/void/": "It is voided already.",
            f"reports/{report_of(document).pk}/publish/": "It is published already.",
            f"processes/{process.pk}/acknowledge/": "It is document_voided: nothing has failed.",
        }.items():
            assert told(operator, PAGE + what, {}) == f"Nothing was asked. {why}"
        assert StoredCommand.objects.count() == before
        assert not LogEntry.objects.exists()

    def test_a_process_of_another_kind_is_none_of_its_business(self, operator: Client) -> None:
        move = Move.objects.create(process="tests.other", source="", target="marking_failed")
        other = a_process("marking_failed", type_name="tests.other")
        move.delete()
        assert "There is no such process" in told(operator, f"{PAGE}processes/{other.pk}/acknowledge/", {})
        assert not StoredCommand.objects.exists()

    def test_a_document_that_billing_has_just_voided_is_not_offered(self, operator: Client) -> None:
        document = issued()
        void(document)
        ReportedDocument.objects.update(state="voiding")  # reports have not heard of it yet
        page = look(operator, PAGE)
        assert not page.having("formaction", f"{PAGE}documents/{document.pk}/void/")
        assert page.having("data-reason", "It is voided.")
        Process.objects.filter(pk=the_process().pk).update(moved_at=clock.now() - HOUR)
        assert look(operator, PAGE).having("title", UNHEARD.sentence)

    def test_one_that_reports_agreed_to_void_without_a_process_is_marked_and_can_be_voided(
        self, operator: Client
    ) -> None:
        document = issued()
        do(MarkDocumentAsVoided(document_id=document.pk))
        assert look(operator, PAGE).having("title", AGREED.sentence)
        operator.post(f"{PAGE}documents/{document.pk}/void/")
        run_until_idle()
        assert reported(document).state == "voided"

    def test_what_its_words_mean_can_be_read_without_a_pointer(self, operator: Client) -> None:
        issued()
        page = look(operator, PAGE)
        for each in LEGEND:
            assert f"{each.word} {each.sentence}" in page.text

    def test_a_document_is_voided(self, operator: Client) -> None:
        document = issued()
        response = operator.post(f"{PAGE}documents/{document.pk}/void/", follow=True)
        assert [str(message) for message in response.context["messages"]] == ["Voiding asked for."]
        assert "asked" in Page(response.content.decode()).text
        command = StoredCommand.objects.get(type="billing.void_document")
        assert (command.cause_kind, command.metadata) == ("user", {"actor": "ana"})
        entry = LogEntry.objects.get()
        assert (entry.object_id, entry.change_message) == (
            str(document.pk),
            f"Voiding asked for. Command {command.pk}.",
        )

        run_until_idle()
        assert Document.objects.get().voided_at is not None

    def test_a_report_is_published(self, operator: Client) -> None:
        report = report_of(issued())
        operator.post(f"{PAGE}reports/{report.pk}/publish/")
        page = look(operator, PAGE)
        assert {at["data-reason"] for at in page.having("data-reason")} == {"That is on its way."}

        run_until_idle()
        assert Report.objects.get().is_published

    def test_a_failure_is_acknowledged_as_part_of_its_process(self, operator: Client) -> None:
        process = failed()
        operator.post(f"{PAGE}processes/{process.pk}/acknowledge/")
        command = StoredCommand.objects.get(type="billing.acknowledge_process_failure")
        assert command.correlation_id == process.pk

        run_until_idle()
        process.refresh_from_db()
        assert process.status == "failure_acknowledged"

    def test_a_page_that_asks_by_script_is_answered_with_what_it_shows_now(self, operator: Client) -> None:
        document = issued()
        response = operator.post(
            f"{PAGE}documents/{document.pk}/void/", headers={"HX-Request": "true", "HX-Target": "live"}
        )
        assert response.status_code == 200
        assert json.loads(response.headers["HX-Trigger"]) == {"voiding:said": "Voiding asked for."}
        assert "data-moving" in response.content.decode()
        assert response.headers["X-Ops-Version"]

    def test_pressing_twice_asks_once(self, operator: Client) -> None:
        document = issued()
        for _ in range(2):
            response = operator.post(f"{PAGE}documents/{document.pk}/void/", follow=True)
        assert [str(message) for message in response.context["messages"]] == ["That is on its way already."]
        assert StoredCommand.objects.filter(type="billing.void_document").count() == 1

    @pytest.mark.parametrize("what", ["documents/{}/void/", "reports/{}/publish/", "processes/{}/acknowledge/"])
    def test_of_what_there_is_not_nothing_is_asked(self, operator: Client, what: str) -> None:
        response = operator.post(PAGE + what.format(uuid7()), follow=True)
        (message,) = response.context["messages"]
        assert str(message).startswith("There is no such ")
        assert not StoredCommand.objects.exists()


class TestPermissions:
    ACTIONS = {
        "billing.void_document": "documents/{document}/void/",
        "billing.publish_report": "reports/{report}/publish/",
        "ops_streams.move_process": "processes/{process}/acknowledge/",
    }

    @pytest.fixture
    def addresses(self) -> dict[str, str]:
        process = failed()
        parts = {"document": process.subject, "report": report_of(issued()).pk, "process": process.pk}
        return {permission: PAGE + at.format(**parts) for permission, at in self.ACTIONS.items()}

    @pytest.mark.parametrize("permission", [SEEING, *ACTIONS])
    def test_each_request_takes_its_own_permission(self, addresses: dict[str, str], permission: str) -> None:
        client, before = somebody(permission), StoredCommand.objects.count()
        for needed, address in addresses.items():
            response = client.post(address)
            assert response.status_code == (302 if needed == permission else 403)
            if needed != permission:
                assert needed in response.content.decode()
        assert StoredCommand.objects.count() == before + (permission in addresses)
        assert client.get(PAGE).status_code == (200 if permission == SEEING else 403)

    @pytest.mark.parametrize("client", ["nobody", "no member of staff"])
    def test_others_are_sent_to_the_login(self, addresses: dict[str, str], client: str) -> None:
        visitor = Client() if client == "nobody" else logged_in(User.objects.create_user("student"))
        before = StoredCommand.objects.count()
        for response in (visitor.get(PAGE), *map(visitor.post, addresses.values())):
            assert response.status_code == 302
            assert "/login/" in response.headers["Location"]
        assert StoredCommand.objects.count() == before

    def test_who_may_only_look_sees_buttons_that_name_what_they_need(self, addresses: dict[str, str]) -> None:
        page = look(somebody(SEEING), PAGE)
        assert not page.having("formaction")
        reasons = {at["data-reason"] for at in page.having("data-reason")}
        assert {f"Needs the permission {permission}." for permission in self.ACTIONS} < reasons

    def test_a_request_takes_a_token_against_forgery_and_a_post(self, addresses: dict[str, str]) -> None:
        client = logged_in(User.objects.create_superuser("eve"), enforce_csrf_checks=True)
        for address in addresses.values():
            assert client.post(address).status_code == 403
            assert client.get(address).status_code == 405

    def test_a_script_that_is_refused_is_told_so(self) -> None:
        document = issued()
        response = somebody().post(
            f"{PAGE}documents/{document.pk}/void/", headers={"HX-Request": "true", "HX-Target": "live"}
        )
        assert response.status_code == 403
        assert live(somebody()).status_code == 403
