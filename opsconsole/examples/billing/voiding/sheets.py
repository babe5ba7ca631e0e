"""Reports as the page shows them: a sheet each, with some of its documents and what has become of these."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from opsconsole.engine import Command
from opsconsole.examples.billing.commands import PublishReport, VoidDocument
from opsconsole.examples.billing.models import Report, ReportedDocument
from opsconsole.examples.billing.processes import DOCUMENT_VOIDED, MARKING_FAILED, DocumentVoiding
from opsconsole.examples.billing.sql import statement
from opsconsole.examples.billing.voiding.asking import OnTheirWay
from opsconsole.examples.billing.voiding.looks import ASKED, STUCK, Look, look_at, look_of
from opsconsole.streams.models import Process

State = ReportedDocument.State
UNSEEN, UNDER_WAY = "Its failed voiding is not acknowledged yet.", "It is being voided."
WAITING = "Asked for: it waits until no document of the report is being voided."


@dataclass(frozen=True, slots=True)
class Line:
    """A document of a report; `obstacle` is why it cannot be voided now."""

    document: ReportedDocument
    look: Look | None
    obstacle: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A report with some of its documents; `obstacle` is why its publication cannot be asked for now."""

    report: Report
    lines: Sequence[Line]
    obstacle: str

    @property
    def more(self) -> int:
        """How many documents are not shown."""
        return self.report.document_count + self.report.voided_count - len(self.lines)


@dataclass(frozen=True, slots=True)
class Sheets:
    """Reports with these of their documents, and what is known of both. What is on its way is asked for everything on a
    page at once, so it is given when they are told."""

    reports: Sequence[Report]
    documents: Sequence[ReportedDocument]
    processes: dict[str, Process]
    held_up: frozenset[UUID]

    @classmethod
    def of(cls, reports: Sequence[Report], documents: Sequence[ReportedDocument]) -> "Sheets":
        return cls(reports, documents, _latest_processes(documents), _held_up(reports))

    @property
    def subjects(self) -> Iterator[tuple[type[Command], UUID]]:
        """What people may have asked for."""
        yield from ((PublishReport, report.pk) for report in self.reports if not report.is_published)
        yield from ((VoidDocument, document.pk) for document in self.documents)

    @property
    def are_moving(self) -> bool:
        """Whether a document is being voided, and that gets on."""
        live = (process for process in self.processes.values() if process.is_live)
        return any(process.status != MARKING_FAILED and look_of(process) is not STUCK for process in live)

    def told(self, way: OnTheirWay) -> Iterator[Sheet]:
        for report in self.reports:
            own = [document for document in self.documents if document.report_id == report.pk]
            lines = [self._line(document, way) for document in own]
            yield Sheet(report, lines, self._obstacle(report, way))

    def _obstacle(self, report: Report, way: OnTheirWay) -> str:
        if report.is_published:
            return "It is published."
        if (PublishReport, report.pk) in way:
            return "That is on its way."
        return WAITING if report.pk in self.held_up else ""

    def _line(self, document: ReportedDocument, way: OnTheirWay) -> Line:
        process = self.processes.get(str(document.pk))
        look = look_at(document, process)
        if document.state == State.VOIDED or (process and process.status == DOCUMENT_VOIDED):
            return Line(document, look, "It is voided.")
        if process is not None and process.is_live:
            is_failed = process.status == MARKING_FAILED
            return Line(document, look, UNSEEN if is_failed else UNDER_WAY)
        if (VoidDocument, document.pk) in way:
            return Line(document, ASKED, UNDER_WAY)
        return Line(document, look, "")


def newest_documents(reports: Iterable[Report], most: int) -> list[ReportedDocument]:
    """Of each report, its newest ones."""
    wanted = {"reports": [report.pk for report in reports], "most": most}
    return list(ReportedDocument.objects.raw(statement("newest_documents"), wanted))


def _latest_processes(documents: Iterable[ReportedDocument]) -> dict[str, Process]:
    """By document, the process that was begun last."""
    wanted = {"subjects": [str(document.pk) for document in documents], "type": DocumentVoiding.type_name}
    return {process.subject: process for process in Process.objects.raw(statement("latest_processes"), wanted)}


def _held_up(reports: Iterable[Report]) -> frozenset[UUID]:
    """Closed reports with a document that is being voided."""
    closed = [report.pk for report in reports if report.closed_at and not report.is_published]
    voiding = ReportedDocument.objects.filter(report__in=closed, state=State.VOIDING)
    return frozenset(voiding.values_list("report_id", flat=True).distinct() if closed else ())
