"""Documents are voided while their reports are published at random, by people and workers who all act at once.

No document that a published report tells of is voided, no document has two live processes, every process ends in one
of its final states.
"""

import random
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Count, Sum

from opsconsole.embedded.waiting import wait_until
from opsconsole.engine import Command, claiming, draining, send, sequencing
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.examples.billing.commands import (
    AcknowledgeProcessFailure,
    CompleteDocumentVoiding,
    IssueDocument,
    MarkDocumentAsVoided,
    PublishReport,
    VoidDocument,
)
from opsconsole.examples.billing.events import DocumentVoided, ReportPublished
from opsconsole.examples.billing.models import Document, Report, ReportedDocument
from opsconsole.examples.billing.processes import DOCUMENT_VOIDED, FAILURE_ACKNOWLEDGED, MARKING_FAILED
from opsconsole.kernel.identifiers import uuid7
from opsconsole.streams.following import follow_to_the_end
from opsconsole.streams.models import Process, ProcessStep, Subscription
from tests.concurrency.races import at_once, rounds
from tests.examples.billing.paperwork import empty, issued, report_of, reported

CUSTOMERS = ("Alder Foods", "Birch Tools", "Cedar Books", "Dogwood Toys", "Elm Rail")
WORKERS, BACKLOG = 4, 12
UNFINISHED = ("pending", "processing")


@pytest.fixture(autouse=True)
def _small_chunks(settings) -> Iterator[None]:
    """So that all workers have a share in every flow."""
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_size": 3}
    yield
    empty()


class Office:
    """Workers, and people who issue, void, publish and acknowledge until every document has been asked for."""

    def __init__(self, documents: int) -> None:
        self.wanted, self.asked = documents, 0
        self.is_over, self.all_asked = threading.Event(), threading.Event()
        self.errors: list[BaseException] = []
        people = (self.issue, self.void, self.publish, self.acknowledge)
        self.people = [self._thread(one, random.Random(seed)) for seed, one in enumerate(people)]
        jobs = (sequencing.sequence, follow_to_the_end, follow_to_the_end, *[execute] * WORKERS)
        self.workers = [self._thread(self._work, job) for job in jobs]

    def run(self) -> None:
        for thread in (*self.workers, *self.people):
            thread.start()
        for thread in self.people:
            thread.join()
        wait_until(self._is_done, 30 + self.wanted / 5)
        self.is_over.set()
        for thread in self.workers:
            thread.join()
        assert self.errors == []
        assert self._is_done(), "some work never ended"

    def issue(self, chance: random.Random) -> None:
        for _ in range(self.wanted):
            amount = Decimal(chance.randint(1, 50))
            send(IssueDocument(document_id=uuid7(), customer=chance.choice(CUSTOMERS), amount=amount))
            self._pause(chance)

    def void(self, chance: random.Random) -> None:
        """Every document once, some twice at once."""
        asked: set = set()
        while len(asked) < self.wanted and not self.is_over.is_set():
            known = set(ReportedDocument.objects.values_list("pk", flat=True)) - asked
            for document_id in chance.sample(sorted(known), len(known) // 3 or len(known)):
                for _ in range(chance.choice((1, 1, 1, 2))):
                    send(VoidDocument(document_id=document_id))
                asked.add(document_id)
                self.asked = len(asked)
                self._pause(chance)
        self.all_asked.set()

    def publish(self, chance: random.Random) -> None:
        """Some report, whenever a few more documents were asked for."""
        due = 0
        while not self.all_asked.wait(0.005):
            if self.asked >= due:
                due = self.asked + chance.randint(3, 9)
                if reports := Report.objects.filter(is_published=False).values_list("pk", flat=True):
                    send(PublishReport(report_id=chance.choice(list(reports))))

    def acknowledge(self, chance: random.Random) -> None:
        """Some are voided again at once, which can but fail."""
        while not self.all_asked.wait(chance.random() * 0.1):
            if process := Process.objects.filter(status=MARKING_FAILED).order_by("?").first():
                send(AcknowledgeProcessFailure(process_id=process.pk))
                if chance.random() < 0.5:
                    send(VoidDocument(document_id=process.subject))

    def _is_done(self) -> bool:
        return not (
            self.errors
            or StoredCommand.objects.filter(status__in=UNFINISHED).exists()
            or StoredEvent.objects.filter(position=None).exists()
            or Subscription.objects.filter(position__lt=sequencing.last_position()).exists()
        ) or bool(self.errors)

    def _work(self, job: Callable[[], object]) -> None:
        while not self.is_over.is_set():
            if not job():
                self.is_over.wait(0.002)

    def _pause(self, chance: random.Random) -> None:
        """People ask for no more than the workers keep up with, on whatever machine."""
        self.is_over.wait(chance.random() * 0.01)
        while StoredCommand.objects.filter(status__in=UNFINISHED).count() > BACKLOG:
            if self.is_over.wait(0.01):
                return

    def _thread(self, function: Callable[..., None], *arguments: object) -> threading.Thread:
        def run() -> None:
            try:
                function(*arguments)
            except BaseException as error:  # raised again by run()
                self.errors.append(error)
                self.is_over.set()
                self.all_asked.set()
            finally:
                connection.close()

        return threading.Thread(target=run)


def execute() -> int:
    chunk = claiming.claim_commands("default")
    return draining.execute_chunk(chunk) if chunk else 0


@rounds(60, 2_000)
def test_no_document_of_a_published_report_is_voided_whatever_meets_what(rounds: int) -> None:
    Office(rounds).run()
    assert not StoredCommand.objects.filter(status="error").values_list("type", "error")
    assert set(Process.objects.values_list("status", flat=True)) <= {
        DOCUMENT_VOIDED,
        MARKING_FAILED,
        FAILURE_ACKNOWLEDGED,
    }
    for process in Process.objects.filter(status=MARKING_FAILED):
        send(AcknowledgeProcessFailure(process_id=process.pk))
    while execute():
        pass

    assert Document.objects.count() == ReportedDocument.objects.count() == rounds
    voided, reported = check_that_both_services_agree()
    if rounds > 100:  # of a few documents, all may fare alike
        assert voided, "nothing was voided in time"
        assert reported, "no report was published in time"
    check_that_reports_count_right()
    check_that_published_reports_tell_the_truth()
    check_that_processes_followed_one_another()


def check_that_both_services_agree() -> tuple[int, int]:
    """Every document was asked for: it is voided on both sides, or in a published report."""
    voided = set(Document.objects.exclude(voided_at=None).values_list("pk", flat=True))
    assert voided == set(ReportedDocument.objects.filter(state="voided").values_list("pk", flat=True))
    others = ReportedDocument.objects.exclude(pk__in=voided)
    assert set(others.values_list("state", "report__is_published")) <= {("reported", True)}
    assert not Report.objects.filter(closed_at__isnull=False, is_published=False).exists()
    return len(voided), others.count()


def check_that_reports_count_right() -> None:
    for report in Report.objects.all():
        told = report.documents.exclude(state="voided").aggregate(count=Count("pk"), total=Sum("amount", default=0))
        assert (report.document_count, report.total) == (told["count"], told["total"])
        assert report.voided_count == report.documents.filter(state="voided").count()


def check_that_published_reports_tell_the_truth() -> None:
    """What was voided of a published report was voided before, in the order of the log, and is not in its total."""
    voided_at = {event["document_id"]: position for event, position in log(DocumentVoided)}
    published = {event["report_id"]: (event, position) for event, position in log(ReportPublished)}
    assert set(published) == {str(pk) for pk in Report.objects.filter(is_published=True).values_list("pk", flat=True)}
    for report_id, (event, position) in published.items():
        documents = ReportedDocument.objects.filter(report_id=report_id)
        told = documents.filter(state="reported")
        assert event["documents"] == told.count()
        assert Decimal(event["total"]) == (told.aggregate(total=Sum("amount"))["total"] or 0)
        for document in documents.filter(state="voided"):
            assert voided_at[str(document.pk)] < position, f"{document} was voided after its report was published"


def check_that_processes_followed_one_another() -> None:
    assert set(Process.objects.values_list("status", flat=True)) == {DOCUMENT_VOIDED, FAILURE_ACKNOWLEDGED}
    assert not Process.objects.filter(is_live=True).exists()
    ended: dict[str, int] = {}
    for process in Process.objects.order_by("id"):
        steps = list(ProcessStep.objects.filter(process_id=process.pk, refusal="").order_by("id"))
        assert [step.number for step in steps] == list(range(1, len(steps) + 1))
        assert steps[0].pk > ended.get(process.subject, 0), "it began while another one was live"
        ended[process.subject] = steps[-1].pk


def log(message: type) -> Iterator[tuple[dict, int]]:
    events = StoredEvent.objects.filter(type=message.__contract__.name).order_by("position")
    yield from events.values_list("data", "position")


class TestTwoThatMeet:
    """Both hold what they are about to do, and begin at the same moment."""

    @pytest.fixture(autouse=True)
    def _one_by_one(self, settings) -> None:
        settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_size": 1}

    @rounds(10, 300)
    def test_of_marking_and_publishing_the_second_sees_what_the_first_has_done(self, rounds: int) -> None:
        for number in range(rounds):
            document = issued(customer=f"Customer {number}")
            report = report_of(document)
            marking, publishing = meet(
                MarkDocumentAsVoided(document_id=document.pk), PublishReport(report_id=report.pk)
            )
            report.refresh_from_db()
            assert (marking.status, publishing.status) == ("success", "success")
            assert report.closed_at is not None
            assert reported(document).state == ("reported" if report.is_published else "voiding")

    @rounds(10, 300)
    def test_of_closing_and_striking_off_the_second_publishes(self, rounds: int) -> None:
        for number in range(rounds):
            document = issued(customer=f"Customer {number}")
            report = report_of(document)
            for command in (MarkDocumentAsVoided, CompleteDocumentVoiding):
                StoredCommand.objects.filter(status="pending").delete()
                draining.execute_chunk(claimed(command(document_id=document.pk)))
            sequencing.catch_up()
            publishing = claimed(PublishReport(report_id=report.pk))
            at_once(lambda: draining.execute_chunk(publishing), follow_to_the_end)  # noqa: B023
            follow_to_the_end()
            while execute():
                pass
            report.refresh_from_db()
            assert (report.is_published, reported(document).state) == (True, "voided")
            assert [event for event, _ in log(ReportPublished) if event["report_id"] == str(report.pk)]

    @rounds(10, 300)
    def test_a_document_that_comes_while_its_report_is_published_is_told_of_or_opens_a_new_one(
        self, rounds: int
    ) -> None:
        for number in range(rounds):
            report = report_of(issued(customer=f"Customer {number}"))
            second = issued_only(report.customer)
            sequencing.catch_up()
            publishing = claimed(PublishReport(report_id=report.pk))
            at_once(lambda: draining.execute_chunk(publishing), follow_to_the_end)  # noqa: B023
            follow_to_the_end()
            (event,) = [event for event, _ in log(ReportPublished) if event["report_id"] == str(report.pk)]
            assert event["documents"] == report.documents.count()
            assert report_of(second).is_published == (event["documents"] == 2)

    @rounds(10, 300)
    def test_a_request_to_void_comes_before_the_voiding_or_not_at_all(self, rounds: int) -> None:
        for _ in range(rounds):
            document = issued()
            answers = meet(VoidDocument(document_id=document.pk), CompleteDocumentVoiding(document_id=document.pk))
            assert [command.status for command in answers] == ["success", "success"]
            sequencing.catch_up()
            about = {"data__document_id": str(document.pk)}
            events = StoredEvent.objects.filter(**about).order_by("position").values_list("type", flat=True)
            assert events.last() == "billing.document_voided"
            StoredEvent.objects.all().delete()


def claimed(command: Command) -> claiming.Chunk:
    send(command)
    claiming.forget()
    chunk = claiming.claim_commands("default")
    assert chunk is not None
    return chunk


def meet(*commands: Command) -> list[StoredCommand]:
    """Claimed apart and executed at once; what has become of them."""
    StoredCommand.objects.filter(status="pending").delete()
    chunks = [claimed(command) for command in commands]
    at_once(*(lambda chunk=chunk: draining.execute_chunk(chunk) for chunk in chunks))
    return [StoredCommand.objects.get(pk=chunk.commands[0].id) for chunk in chunks]


def issued_only(customer: str) -> Document:
    """Reports have not heard of it yet."""
    identifier = uuid7()
    draining.execute_chunk(claimed(IssueDocument(document_id=identifier, customer=customer, amount=Decimal(5))))
    return Document.objects.get(pk=identifier)
