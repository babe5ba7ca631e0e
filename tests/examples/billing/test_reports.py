"""Reports: one open for each customer, fixed once it is published."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from opsconsole.engine import send
from opsconsole.engine.models import Attempt
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.testing import emitted, frozen_at, run_until_idle, sent
from opsconsole.examples.billing.commands import CompleteDocumentVoiding, MarkDocumentAsVoided, PublishReport
from opsconsole.examples.billing.events import (
    MarkingDocumentAsVoidedFailed,
    MarkingDocumentAsVoidedSucceeded,
    ReportClosed,
    ReportPublished,
)
from opsconsole.examples.billing.models import Document, Report, ReportedDocument
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7
from tests.examples.billing.paperwork import do, issued, publish, report_of, reported, void

pytestmark = pytest.mark.usefixtures("paperwork")

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def test_a_customers_documents_gather_in_one_open_report() -> None:
    first, second, other = issued(), issued(), issued(customer="Alder Foods")

    assert report_of(first) == report_of(second) != report_of(other)
    assert Report.objects.count() == 2
    assert reported(first).amount == first.amount


def test_after_publication_the_next_document_opens_a_new_report() -> None:
    first = issued()
    publish(report_of(first))
    second = issued()

    assert report_of(first).is_published
    assert not report_of(second).is_published


def test_a_published_report_tells_how_much_it_is_about_without_what_was_voided() -> None:
    documents = [issued(amount) for amount in (10, 20, 30)]
    void(documents[1])
    report = report_of(documents[0])
    publish(report)

    assert emitted(ReportPublished) == [
        ReportPublished(report_id=report.pk, customer=report.customer, documents=2, total=Decimal(40))
    ]
    assert [reported(document).state for document in documents] == ["reported", "voided", "reported"]


def test_a_report_keeps_what_it_tells_of_and_how_much_that_is() -> None:
    documents = [issued(amount) for amount in (10, 20, 30)]
    report = report_of(documents[0])
    assert (report.document_count, report.voided_count, report.total) == (3, 0, Decimal(60))
    void(documents[1])
    do(CompleteDocumentVoiding(document_id=documents[1].pk))
    report = report_of(documents[0])
    assert (report.document_count, report.voided_count, report.total) == (2, 1, Decimal(40)), "struck off once"


def test_publishing_again_changes_nothing() -> None:
    report = report_of(issued())
    publish(report)
    published_at = report_of_customer().published_at

    assert publish(report).status == "success"
    assert report_of_customer().published_at == published_at
    assert len(emitted(ReportPublished)) == 1


def test_publishing_a_report_that_there_is_not_is_a_clear_error() -> None:
    nobody = uuid7()
    command = do(PublishReport(report_id=nobody))

    assert (command.status, command.error) == ("error", f"there is no report {nobody}")


class TestAPublicationThatMeetsAVoiding:
    """Reports have agreed to void a document, and somebody has the report published."""

    def test_closes_the_report_and_publishes_it_once_the_document_is_voided(self) -> None:
        document = issued()
        do(MarkDocumentAsVoided(document_id=document.pk))
        command = publish(report_of(document))
        report = report_of(document)
        assert (command.status, report.is_published) == ("success", False)
        assert emitted(ReportClosed) == [ReportClosed(report_id=report.pk, customer=report.customer)]
        assert not emitted(ReportPublished)

        do(CompleteDocumentVoiding(document_id=document.pk))
        assert report_of(document).is_published
        assert reported(document).state == "voided"
        assert len(emitted(ReportPublished)) == 1

    def test_waits_for_the_last_of_several(self) -> None:
        documents = [issued() for _ in range(3)]
        for document in documents[:2]:
            do(MarkDocumentAsVoided(document_id=document.pk))
        publish(report_of(documents[0]))
        do(CompleteDocumentVoiding(document_id=documents[0].pk))
        assert not report_of_customer().is_published
        do(CompleteDocumentVoiding(document_id=documents[1].pk))
        assert report_of_customer().is_published

    def test_cannot_be_held_up_by_further_voidings(self) -> None:
        held, other = issued(), issued()
        do(MarkDocumentAsVoided(document_id=held.pk))
        publish(report_of(held))
        do(MarkDocumentAsVoided(document_id=other.pk))
        assert reported(other).state == "reported"
        (refusal,) = emitted(MarkingDocumentAsVoidedFailed)
        assert refusal.reason.startswith("its report is about to be published, as somebody asked at 20")

    def test_leaves_what_was_agreed_to_as_it_was_also_when_reports_are_asked_again(self) -> None:
        document = issued()
        do(MarkDocumentAsVoided(document_id=document.pk))
        publish(report_of(document))
        do(MarkDocumentAsVoided(document_id=document.pk))
        assert len(emitted(MarkingDocumentAsVoidedSucceeded)) == 2
        assert not emitted(MarkingDocumentAsVoidedFailed)

    def test_is_followed_by_documents_of_the_next_report(self) -> None:
        document = issued()
        do(MarkDocumentAsVoided(document_id=document.pk))
        publish(report_of(document))
        later = issued()
        assert report_of(later) != report_of(document)
        do(CompleteDocumentVoiding(document_id=document.pk))
        assert [report_of(one).is_published for one in (document, later)] == [True, False]

    def test_belongs_to_the_flow_of_whoever_asked_first(self) -> None:
        document = issued()
        void_later = do(MarkDocumentAsVoided(document_id=document.pk))
        asked = publish(report_of(document))
        publish(report_of(document))
        do(CompleteDocumentVoiding(document_id=document.pk))
        told = StoredEvent.objects.get(type="reports.report_published")
        assert told.correlation_id == asked.correlation_id != void_later.correlation_id

    def test_may_be_asked_for_again_when_the_document_was_mended_by_hand(self) -> None:
        document = issued()
        do(MarkDocumentAsVoided(document_id=document.pk))
        publish(report_of(document))
        ReportedDocument.objects.update(state="reported")
        publish(report_of(document))
        assert report_of(document).is_published
        assert len(emitted(ReportClosed)) == 1

    def test_goes_on_when_billing_says_again_what_reports_never_heard(self) -> None:
        document = issued()
        do(MarkDocumentAsVoided(document_id=document.pk))
        Document.objects.update(voided_at=clock.now())  # announced, and skipped
        publish(report_of(document))
        assert not report_of(document).is_published
        do(CompleteDocumentVoiding(document_id=document.pk))
        assert (report_of(document).is_published, reported(document).state) == (True, "voided")

    def test_writes_nothing_however_long_it_takes(self) -> None:
        document = issued()
        do(MarkDocumentAsVoided(document_id=document.pk))
        publish(report_of(document))
        with frozen_at(clock.now() + timedelta(days=2)):
            run_until_idle()
        assert not Attempt.objects.exists()
        assert not StoredCommand.objects.exclude(status="success").exists()


def test_reports_agree_again_to_what_is_voided_already_also_after_publication() -> None:
    document = issued()
    void(document)
    publish(report_of(document))
    do(MarkDocumentAsVoided(document_id=document.pk))
    assert len(emitted(MarkingDocumentAsVoidedSucceeded)) == 2
    assert reported(document).state == "voided"


def test_a_document_that_reports_have_not_heard_of_yet_is_looked_for_again_and_then_given_up() -> None:
    command = do(MarkDocumentAsVoided(document_id=uuid7()))
    assert (command.status, command.error_class) == ("pending", "NotReported")

    run_until_idle(ignore_due_times=True)
    command.refresh_from_db()
    assert (command.status, command.attempts) == ("error", command.max_attempts)


def test_a_document_is_marked_once_however_often_reports_are_asked() -> None:
    document = issued()
    for _ in range(2):
        do(MarkDocumentAsVoided(document_id=document.pk))

    assert reported(document).state == "voiding"
    assert len(sent(MarkDocumentAsVoided)) == 2


class TestTheDatabaseRefuses:
    def test_a_second_open_report_of_a_customer(self) -> None:
        report = report_of(issued())

        with pytest.raises(IntegrityError, match="reports_report_open"), transaction.atomic():
            Report.objects.create(pk=uuid7(), customer=report.customer)

    def test_a_published_report_with_a_document_that_is_being_voided(self) -> None:
        report = report_of(issued())
        ReportedDocument.objects.update(state="voiding")

        with pytest.raises(IntegrityError, match="reports_document_not_voiding"), transaction.atomic():
            Report.objects.filter(pk=report.pk).update(is_published=True, closed_at=LONG_AGO, published_at=LONG_AGO)

    @pytest.mark.parametrize(
        "change", [{"state": "voiding"}, {"state": "voided"}, {"amount": 1}, {"is_published": False}]
    )
    def test_a_change_to_a_document_of_a_published_report(self, change: dict[str, Any]) -> None:
        publish(report_of(issued()))

        with pytest.raises(IntegrityError, match="is in a published report"), transaction.atomic():
            ReportedDocument.objects.update(**change)

    def test_taking_a_document_out_of_a_published_report(self) -> None:
        document = issued()
        publish(report_of(document))

        with pytest.raises(IntegrityError, match="is in a published report"), transaction.atomic():
            reported(document).delete()

    @pytest.mark.parametrize("is_published", [False, True])
    def test_a_document_that_is_added_to_a_published_report(self, is_published: bool) -> None:
        document = issued()
        publish(report_of(document))

        with (
            pytest.raises(IntegrityError, match="in a published report|reports_document_of_report"),
            transaction.atomic(),
        ):
            ReportedDocument.objects.create(pk=uuid7(), report=report_of(document), amount=1, is_published=is_published)

    def test_moving_a_document_into_a_published_report_or_out_of_one(self) -> None:
        told = issued()
        publish(report_of(told))
        later = issued()

        for document, other in ((later, told), (told, later)):
            report = report_of(other)
            with pytest.raises(IntegrityError, match="in a published report"), transaction.atomic():
                ReportedDocument.objects.filter(pk=document.pk).update(
                    report=report.pk, is_published=report.is_published
                )

    def test_a_document_that_calls_its_report_published_although_it_is_not(self) -> None:
        issued()

        with pytest.raises(IntegrityError, match="reports_document_of_report"), transaction.atomic():
            ReportedDocument.objects.update(is_published=True)

    @pytest.mark.parametrize(
        "change",
        [
            {"is_published": False, "published_at": None, "closed_at": None},
            {"published_at": LONG_AGO},
            {"customer": "Alder Foods"},
        ],
    )
    def test_a_change_to_a_published_report(self, change: dict[str, Any]) -> None:
        publish(report_of(issued()))

        with pytest.raises(IntegrityError, match="is published"), transaction.atomic():
            Report.objects.update(**change)

    def test_deleting_a_published_report(self) -> None:
        publish(report_of(issued()))

        with pytest.raises(IntegrityError, match="is published"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM reports_report")

    def test_nothing_when_a_published_report_is_written_back_as_it_is(self) -> None:
        report = report_of(issued())
        publish(report)
        report_of_customer().save()
        ReportedDocument.objects.get().save()

    @pytest.mark.parametrize("moments", [{}, {"published_at": LONG_AGO}, {"closed_at": LONG_AGO}])
    def test_a_report_that_is_published_without_its_moments(self, moments: dict[str, Any]) -> None:
        issued()

        with pytest.raises(IntegrityError, match="reports_report_published"), transaction.atomic():
            Report.objects.update(is_published=True, **moments)


def test_a_step_that_is_to_be_watched_waits_in_its_queue(settings) -> None:
    settings.BILLING = {"slow_down": 2.0}
    document = issued()
    with frozen_at(clock.now()) as stopped:
        command = StoredCommand.objects.get(pk=send(MarkDocumentAsVoided(document_id=document.pk)).id)
        run_until_idle()
        command.refresh_from_db()
        assert (command.status, command.attempts, reported(document).state) == ("pending", 0, "reported")
        stopped.advance(timedelta(seconds=2.1))
        run_until_idle()
        assert reported(document).state == "voiding"


def report_of_customer() -> Report:
    return Report.objects.get()
