"""A business that goes on by itself: documents are issued and, with people in it, voided, published, acknowledged."""

from decimal import Decimal
from random import Random

from opsconsole.engine import send
from opsconsole.examples.billing.commands import IssueDocument
from opsconsole.examples.billing.models.report import Report, ReportedDocument
from opsconsole.examples.billing.processes import MARKING_FAILED, DocumentVoiding
from opsconsole.examples.billing.voiding.asking import ask_to_acknowledge, ask_to_publish, ask_to_void
from opsconsole.examples.trickling import Happening
from opsconsole.kernel.identifiers import uuid7
from opsconsole.streams.models import Process

CUSTOMERS = ("Alder Foods", "Birch Tools", "Cedar Books")
AMOUNTS = (1, 50)
DOCUMENTS_A_MINUTE = 20.0
RECENT = 20  # documents among which one is chosen
WORTH_PUBLISHING = 8  # documents
TOLERATED = 2  # failures that nobody minds


def issue(random: Random) -> None:
    amount = Decimal(random.randint(*AMOUNTS))
    send(IssueDocument(document_id=uuid7(), customer=random.choice(CUSTOMERS), amount=amount))


def void(random: Random) -> None:
    _void_one(random, is_published=False)


def void_too_late(random: Random) -> None:
    """A document of a published report: its process fails."""
    _void_one(random, is_published=True)


def publish(random: Random) -> None:
    reports = list(Report.objects.filter(closed_at=None))
    report = random.choice(reports) if reports else None
    if report is not None and report.document_count + report.voided_count >= WORTH_PUBLISHING:
        ask_to_publish(report.pk)


def acknowledge(random: Random) -> None:
    """The oldest failure, once there are some."""
    failed = Process.objects.filter(type=DocumentVoiding.type_name, is_live=True, status=MARKING_FAILED).order_by("id")
    oldest = failed.first()
    if oldest is not None and failed.count() > TOLERATED:
        ask_to_acknowledge(oldest.pk)


PEOPLE = (Happening(1.5, void), Happening(0.3, void_too_late), Happening(0.4, publish), Happening(0.6, acknowledge))


def _void_one(random: Random, *, is_published: bool) -> None:
    reported = ReportedDocument.objects.filter(is_published=is_published, state=ReportedDocument.State.REPORTED)
    recent = list(reported.order_by("-added_at").values_list("pk", flat=True)[:RECENT])
    if recent:
        ask_to_void(random.choice(recent))
