"""What the page shows: the reports, the processes, and what people have just asked for."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, Sum, Window
from django.db.models.functions import RowNumber

from opsconsole.engine import Command
from opsconsole.examples.billing.commands import AcknowledgeProcessFailure, PublishReport, VoidDocument
from opsconsole.examples.billing.models.report import Report, ReportedDocument
from opsconsole.examples.billing.processes import MARKING_FAILED, DocumentVoiding
from opsconsole.examples.billing.voiding.asking import asked
from opsconsole.examples.billing.voiding.looks import ASKED, LOOKS, STUCK, VOIDED, Look
from opsconsole.kernel import clock
from opsconsole.streams.models import Process

DOCUMENTS = 10  # of a report, the newest
REPORTS = 60
PROCESSES = 30
State = ReportedDocument.State


@dataclass(frozen=True, slots=True)
class Line:
    """A document of a report; `obstacle` is why it cannot be voided now."""

    document: ReportedDocument
    look: Look | None
    obstacle: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A report with its newest documents; `total` is without those that were voided."""

    report: Report
    lines: Sequence[Line]
    total: Decimal
    count: int
    voided: int
    is_asked_for: bool

    @property
    def earlier(self) -> int:
        """How many documents are not shown."""
        return self.count + self.voided - len(self.lines)


@dataclass(frozen=True, slots=True)
class Voiding:
    """A process that is under way or has failed."""

    process: Process
    look: Look
    document: ReportedDocument | None
    is_acknowledged: bool

    @property
    def is_failed(self) -> bool:
        return self.process.status == MARKING_FAILED


@dataclass(slots=True)
class Overview:
    """Everything on the page, read in a handful of statements whatever there is."""

    voidings: list[Voiding] = field(default_factory=list)
    customers: list[tuple[str, list[Sheet]]] = field(default_factory=list)
    more_voidings: int = 0
    is_moving: bool = False


def overview() -> Overview:
    """The open and the latest published report of every customer, and the processes that are not over."""
    wanted = asked()
    voidings, more = _voidings(wanted)
    reports = Report.objects.order_by("customer", "is_published", "-opened_at").distinct("customer", "is_published")
    sheets = list(_sheets(list(reports[:REPORTS]), wanted))
    return Overview(
        voidings=voidings,
        customers=[(name, list(own)) for name, own in groupby(sheets, key=lambda sheet: sheet.report.customer)],
        more_voidings=more,
        is_moving=any(wanted.values()) or any(not voiding.is_failed for voiding in voidings),
    )


def look_of(process: Process) -> Look:
    """What to show of a process; one that waits for a person is not stuck."""
    is_waiting = process.is_live and process.status != MARKING_FAILED
    if is_waiting and clock.now() - process.moved_at > DocumentVoiding.stuck_after:
        return STUCK
    return LOOKS[process.status]


def _voidings(wanted: dict[type[Command], set[UUID]]) -> tuple[list[Voiding], int]:
    live = Process.objects.filter(type=DocumentVoiding.type_name, is_live=True)
    found = list(live.order_by("-id")[:PROCESSES])
    documents = ReportedDocument.objects.select_related("report").in_bulk([process.subject for process in found])
    voidings = [
        Voiding(
            process,
            look_of(process),
            documents.get(UUID(process.subject)),
            process.pk in wanted[AcknowledgeProcessFailure],
        )
        for process in found
    ]
    return voidings, live.count() - len(found) if len(found) == PROCESSES else 0


def _sheets(reports: list[Report], wanted: dict[type[Command], set[UUID]]) -> Iterator[Sheet]:
    documents = list(_newest_documents(reports))
    processes = _latest_processes(documents)
    sums = {row["report_id"]: row for row in _sums(reports)}
    for report in reports:
        own = [document for document in documents if document.report_id == report.pk]
        known = sums.get(report.pk, {"total": Decimal(), "count": 0, "voided": 0})
        yield Sheet(
            report=report,
            lines=[_line(document, processes.get(str(document.pk)), wanted) for document in own],
            total=known["total"],
            count=known["count"],
            voided=known["voided"],
            is_asked_for=report.pk in wanted[PublishReport],
        )


def _line(document: ReportedDocument, process: Process | None, wanted: dict[type[Command], set[UUID]]) -> Line:
    if document.state == State.VOIDED:
        return Line(document, VOIDED, "It is voided.")
    if process is not None and process.is_live:
        failed = process.status == MARKING_FAILED
        why = "Its failed voiding is not acknowledged yet." if failed else "It is being voided."
        return Line(document, look_of(process), why)
    if document.pk in wanted[VoidDocument]:
        return Line(document, ASKED, "It is being voided.")
    return Line(document, look_of(process) if process else None, "")


def _newest_documents(reports: Iterable[Report]) -> Iterable[ReportedDocument]:
    place = Window(RowNumber(), partition_by="report_id", order_by=["-added_at", "-document_id"])
    documents = ReportedDocument.objects.filter(report__in=list(reports)).annotate(place=place)
    return documents.filter(place__lte=DOCUMENTS).order_by("-added_at", "-document_id")


def _latest_processes(documents: Iterable[ReportedDocument]) -> dict[str, Process]:
    """By document, the process that was begun last."""
    own = Process.objects.filter(
        type=DocumentVoiding.type_name, subject__in=[str(document.pk) for document in documents]
    )
    return {process.subject: process for process in own.order_by("subject", "-id").distinct("subject")}


def _sums(reports: Iterable[Report]) -> Iterable[Any]:
    told = ~Q(state=State.VOIDED)
    return (
        ReportedDocument.objects.filter(report__in=list(reports))
        .order_by()
        .values("report_id")
        .annotate(
            total=Sum("amount", filter=told, default=Decimal()),
            count=Count("pk", filter=told),
            voided=Count("pk", filter=~told),
        )
    )
