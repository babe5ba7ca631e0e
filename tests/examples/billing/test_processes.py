"""The voiding of a document, from the request to its end."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from opsconsole.engine import Event, claiming, draining, send, sequencing
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.testing import assert_emitted, assert_sent, run_until_idle
from opsconsole.examples.billing.commands import (
    AbortDocumentVoiding,
    AskAgain,
    CompleteDocumentVoiding,
    MarkDocumentAsVoided,
    VoidDocument,
)
from opsconsole.examples.billing.events import (
    DocumentVoided,
    DocumentVoidingAborted,
    DocumentVoidingRequested,
    MarkingDocumentAsVoidedFailed,
    MarkingDocumentAsVoidedSucceeded,
)
from opsconsole.examples.billing.models import Document, ReportedDocument
from opsconsole.examples.billing.processes import DocumentVoiding
from opsconsole.kernel.identifiers import uuid7
from opsconsole.streams import IllegalMove
from opsconsole.streams.following import follow_to_the_end
from opsconsole.streams.models import Process, ProcessStep
from opsconsole.streams.testing import given
from tests.console.visitors import logged_in, look
from tests.examples.billing.paperwork import (
    acknowledge,
    do,
    failed,
    issued,
    report_of,
    reported,
    the_process,
    types_in,
    void,
    way,
)

STATES = DocumentVoiding.lifecycle.states


@pytest.mark.usefixtures("paperwork")
class TestTheStory:
    def test_a_document_of_an_open_report_is_voided(self) -> None:
        document = issued()
        void(document)

        process = the_process()
        assert way(process) == ["voiding_requested", "marking_succeeded", "document_voided"]
        assert not process.is_live
        assert Document.objects.get().voided_at is not None
        assert reported(document).state == "voided"
        assert_emitted(DocumentVoided, count=1, document_id=document.pk)

    def test_a_document_of_a_published_report_is_not_voided_and_the_failure_waits_for_a_person(self) -> None:
        document = issued()
        process = failed(document)

        assert way(process) == ["voiding_requested", "marking_failed"]
        assert process.is_live
        assert process.state["reason"].startswith("its report was published at ")
        assert Document.objects.get().voided_at is None
        assert reported(document).state == "reported"
        assert_emitted(MarkingDocumentAsVoidedFailed, count=1, document_id=document.pk)
        assert_emitted(DocumentVoidingAborted, count=1, document_id=document.pk)
        assert_sent(CompleteDocumentVoiding, count=0)

    def test_once_the_failure_is_acknowledged_a_new_process_may_start(self) -> None:
        document = issued()
        first = failed(document)
        void(document)
        assert the_process() == first, "the failure is not acknowledged yet"
        refused = ProcessStep.objects.get(process_id=first.pk, refusal__gt="")
        assert refused.refusal == "one about the same subject is live already"

        assert acknowledge(first).status == "success"
        first.refresh_from_db()
        assert (first.status, first.is_live) == ("failure_acknowledged", False)
        void(document)
        assert the_process() != first
        assert way(the_process()) == ["voiding_requested", "marking_failed"]

    def test_everything_that_belongs_to_a_process_bears_its_id(self) -> None:
        void(issued())

        process = the_process()
        assert types_in(process.pk, StoredCommand) == ["mark_document_as_voided", "complete_document_voiding"]
        assert types_in(process.pk, StoredEvent) == ["marking_document_as_voided_succeeded", "document_voided"]

    def test_of_two_who_want_a_document_voided_one_is_too_many(self) -> None:
        document = issued()
        for _ in range(2):
            send(VoidDocument(document_id=document.pk))
        run_until_idle()

        assert Process.objects.count() == 1
        assert_emitted(DocumentVoided, count=1)

    def test_acknowledging_twice_is_no_failure(self) -> None:
        process = failed()

        assert [acknowledge(process).status for _ in range(2)] == ["success", "success"]
        assert way(process) == ["voiding_requested", "marking_failed", "failure_acknowledged"]

    def test_a_process_that_has_not_failed_has_nothing_to_acknowledge(self) -> None:
        void(issued())
        command = acknowledge(the_process())

        assert (command.status, command.error_class) == ("error", "IllegalMove")
        assert "from 'document_voided' to 'failure_acknowledged'" in command.error

    def test_a_late_answer_is_refused_and_kept_with_the_process(self) -> None:
        document = issued()
        process = failed(document)
        answer = MarkDocumentAsVoided(document_id=document.pk)
        command = do_as_part_of(process, answer)

        assert command.status == "success"
        process.refresh_from_db()
        assert process.status == "marking_failed"
        assert ProcessStep.objects.get(process_id=process.pk, refusal__gt="").cause_name.endswith("_failed")

    def test_of_another_customer_nothing_is_touched(self) -> None:
        mine, other = issued(), issued(customer="Alder Foods")
        void(mine)

        assert reported(other).state == "reported"
        assert not report_of(other).is_published


def do_as_part_of(process: Process, command):
    from opsconsole.kernel.tracing import Cause, acting_for

    with acting_for(Cause("user", None, process.pk)):
        return do(command)


class TestTheStateMachine:
    """The whole of it, without a database."""

    @pytest.mark.parametrize("source", STATES)
    @pytest.mark.parametrize("target", STATES)
    def test_only_the_moves_that_there_are_can_be_made(self, source: str, target: str) -> None:
        moves = {
            ("voiding_requested", "marking_succeeded"),
            ("voiding_requested", "marking_failed"),
            ("marking_succeeded", "document_voided"),
            ("marking_failed", "failure_acknowledged"),
        }
        process = DocumentVoiding(status=source, document_id=uuid7())
        if (source, target) in moves:
            assert process.to(target).status == target
        else:
            with pytest.raises(IllegalMove):
                process.to(target)

    def test_the_next_command_follows_from_the_state_alone(self) -> None:
        document_id = uuid7()
        following = {
            status: list(DocumentVoiding(status=status, document_id=document_id).next_commands()) for status in STATES
        }
        assert following == {
            "voiding_requested": [MarkDocumentAsVoided(document_id=document_id)],
            "marking_succeeded": [CompleteDocumentVoiding(document_id=document_id)],
            "marking_failed": [AbortDocumentVoiding(document_id=document_id)],
            "document_voided": [],
            "failure_acknowledged": [],
        }

    def test_it_is_voided_as_far_as_both_agree(self) -> None:
        document_id, report_id = uuid7(), uuid7()
        requested = DocumentVoidingRequested(document_id=document_id)
        answer = MarkingDocumentAsVoidedSucceeded(document_id=document_id, report_id=report_id)
        process = given(DocumentVoiding, requested).then(MarkDocumentAsVoided(document_id=document_id))
        process.when(answer).then(CompleteDocumentVoiding(document_id=document_id))
        process.when(DocumentVoided(document_id=document_id)).then().then_status("document_voided")

    def test_it_fails_with_the_reason_that_reports_give(self) -> None:
        document_id = uuid7()
        answer = MarkingDocumentAsVoidedFailed(document_id=document_id, report_id=uuid7(), reason="too late")
        process = given(DocumentVoiding, DocumentVoidingRequested(document_id=document_id), answer)
        process.then(AbortDocumentVoiding(document_id=document_id)).then_state(reason="too late")
        process.when(DocumentVoided(document_id=document_id)).then_refused("cannot go from 'marking_failed'")

    def test_it_begins_with_a_request_and_counts_as_stuck_after_a_minute(self) -> None:
        assert DocumentVoiding.begins_in == ("voiding_requested",)
        assert DocumentVoiding.stuck_after == timedelta(minutes=1)

    def test_an_operator_may_acknowledge_what_failed_and_ask_again_for_what_is_due(self) -> None:
        assert [(offer.label, offer.statuses, offer.is_remedy) for offer in DocumentVoiding.by_hand] == [
            ("Acknowledge", ("marking_failed",), False),
            ("Ask again", ("voiding_requested", "marking_succeeded", "marking_failed"), True),
        ]


@pytest.mark.usefixtures("paperwork")
class TestAskingAgain:
    """An answer was passed over: the command of the state has succeeded, and the process heard nothing of it."""

    def lost(self, message: type[Event]) -> Process:
        """A process that never hears such an event."""
        document = issued()
        send(VoidDocument(document_id=document.pk))
        for _ in range(20):
            sequencing.sequence()
            StoredEvent.objects.filter(type=message.__contract__.name).update(type="tests.passed_over")
            if not follow_to_the_end() + draining_of_one():
                break
        return the_process()

    @pytest.mark.parametrize(
        ("message", "status"),
        [
            (MarkingDocumentAsVoidedSucceeded, "voiding_requested"),
            (DocumentVoided, "marking_succeeded"),
        ],
    )
    def test_moves_a_process_whose_answer_was_passed_over(self, message: type[Event], status: str) -> None:
        process = self.lost(message)
        assert process.status == status
        assert not StoredCommand.objects.exclude(status="success").exists(), "there is nothing to reprocess"

        assert do(AskAgain(process_id=process.pk)).status == "success"
        process.refresh_from_db()
        assert process.status == "document_voided"
        assert [one.state for one in ReportedDocument.objects.all()] == ["voided"]

    def test_sends_what_is_due_in_the_flow_of_the_process(self) -> None:
        process = self.lost(DocumentVoided)
        do(AskAgain(process_id=process.pk))
        assert types_in(process.pk, StoredCommand)[-1] == "complete_document_voiding"

    def test_changes_nothing_for_one_that_was_on_its_way_all_the_same(self) -> None:
        document = issued()
        send(VoidDocument(document_id=document.pk))
        sequencing.sequence()
        while not Process.objects.exists():
            assert draining_of_one() + follow_to_the_end()
            sequencing.sequence()
        do(AskAgain(process_id=the_process().pk))
        assert way(the_process()) == ["voiding_requested", "marking_succeeded", "document_voided"]
        assert Document.objects.get().voided_at is not None

    def test_is_in_vain_once_a_process_has_ended(self) -> None:
        void(issued())
        before = StoredCommand.objects.count()
        assert do(AskAgain(process_id=the_process().pk)).status == "success"
        assert StoredCommand.objects.count() == before + 1

    def test_does_not_make_a_process_look_as_if_it_waited_for_somebody(self) -> None:
        process = self.lost(DocumentVoided)
        Process.objects.update(moved_at=process.moved_at - 2 * DocumentVoiding.stuck_after)
        client = logged_in(User.objects.create_superuser("ana"))
        try:
            page = look(client, reverse("admin:ops_process", args=[process.pk]))
        finally:
            User.objects.all().delete()
        assert "Ask again" in page.text
        assert "Waits for somebody to decide" not in page.text
        assert "When none of its commands can be reprocessed: Ask again." in page.text


def draining_of_one() -> int:
    claiming.forget()
    chunk = claiming.claim_commands("default")
    return draining.execute_chunk(chunk) if chunk else 0
