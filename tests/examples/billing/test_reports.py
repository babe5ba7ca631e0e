"""Reports: one open for each customer, fixed once it is published."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from opsconsole.engine import send
from opsconsole.engine.models import Attempt
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.testing import emitted, frozen_at, run_until_idle, sent
from opsconsole.examples.billing.commands import CompleteDocumentVoiding, MarkDocumentAsVoided, PublishReport
from opsconsole.examples.billing.events import ReportPublished
from opsconsole.examples.billing.handlers.reports import UNTIL_VOIDED
from opsconsole.examples.billing.models import Report, ReportedDocument
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


def test_a_report_is_not_published_while_one_of_its_documents_is_being_voided() -> None:
    with frozen_at(clock.now()) as stopped:
        document = issued()
        do(MarkDocumentAsVoided(document_id=document.pk))
        command = publish(report_of(document))
        assert (command.status, command.attempts) == ("pending", 0)
        assert command.not_before == clock.now() + UNTIL_VOIDED
        assert Attempt.objects.get(subject_id=command.pk).message == "1 of its documents being voided"

        do(CompleteDocumentVoiding(document_id=document.pk))
        stopped.advance(UNTIL_VOIDED)
        run_until_idle()
        assert report_of(document).is_published
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
            Report.objects.filter(pk=report.pk).update(is_published=True, published_at=clock.now())

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
        [{"is_published": False, "published_at": None}, {"published_at": LONG_AGO}, {"customer": "Alder Foods"}],
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

    def test_a_report_that_is_published_at_no_time(self) -> None:
        issued()

        with pytest.raises(IntegrityError, match="reports_report_published"), transaction.atomic():
            Report.objects.update(is_published=True)


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
