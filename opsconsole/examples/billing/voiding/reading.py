"""What the pages show, in a handful of limited reads whatever there is: all customers, or one report."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db.models import Q

from opsconsole.engine.queries.windows import Bounded
from opsconsole.examples.billing.models import Report, ReportedDocument
from opsconsole.examples.billing.sql import statement
from opsconsole.examples.billing.voiding.asking import on_their_way
from opsconsole.examples.billing.voiding.sheets import Sheet, Sheets, newest_documents
from opsconsole.examples.billing.voiding.voidings import Voiding, live

CUSTOMERS = 12  # a page
UNPUBLISHED = 3  # of a customer: the open report, and some that wait to be published
DOCUMENTS = 10  # of a report among others, the newest
PAGE = 50  # documents of a report of its own
NEIGHBOURS = 10  # reports of the same customer


@dataclass(frozen=True, slots=True)
class Overview:
    """The processes, and a page of customers with their reports; `following` is the first one of the next page."""

    voidings: Sequence[Voiding]
    more_voidings: Bounded
    customers: Sequence[tuple[str, list[Sheet]]]
    following: str
    is_moving: bool


@dataclass(frozen=True, slots=True)
class OneReport:
    """A report with a page of its documents; `older` is where the next page goes on."""

    sheet: Sheet
    older: UUID | None
    earlier: Sequence[Report]
    later: Report | None
    is_moving: bool


def overview(beginning: str = "") -> Overview:
    """From a customer on: of each, the reports that are not published, and the latest that is."""
    running = live()
    reports, following = _of_customers(beginning)
    sheets = Sheets.of(reports, newest_documents(reports, DOCUMENTS))
    way = on_their_way([*sheets.subjects, *running.subjects])
    voidings = running.told(way)
    return Overview(
        voidings=voidings,
        more_voidings=running.more,
        customers=[(name, list(own)) for name, own in groupby(sheets.told(way), key=lambda one: one.report.customer)],
        following=following,
        is_moving=way.is_moving or any(voiding.is_moving for voiding in voidings),
    )


def one_report(report: Report, before: UUID | None = None) -> OneReport:
    """From behind a document on, the newest first."""
    documents = _documents(report, before)
    sheets = Sheets.of([report], documents[:PAGE])
    way = on_their_way(sheets.subjects)
    (sheet,) = sheets.told(way)
    own, edge = Report.objects.filter(customer=report.customer), {"opened_at": report.opened_at, "id": report.pk}
    return OneReport(
        sheet=sheet,
        older=documents[PAGE - 1].pk if len(documents) > PAGE else None,
        earlier=own.filter(_behind(**edge)).order_by("-opened_at", "-id")[:NEIGHBOURS],
        later=own.filter(_before(**edge)).order_by("opened_at", "id").first(),
        is_moving=way.is_moving or sheets.are_moving,
    )


def _of_customers(beginning: str) -> tuple[list[Report], str]:
    """Those of a page of customers, and the customer behind it."""
    wanted = {"beginning": beginning, "customers": CUSTOMERS + 1, "unpublished": UNPUBLISHED}
    reports = list(Report.objects.raw(statement("reports_of_customers"), wanted))
    names = list(dict.fromkeys(report.customer for report in reports))
    following = names[CUSTOMERS] if len(names) > CUSTOMERS else ""
    return [report for report in reports if report.customer != following], following


def _documents(report: Report, before: UUID | None) -> list[ReportedDocument]:
    """A page of them and one more."""
    own = ReportedDocument.objects.filter(report=report)
    edge = own.filter(pk=before).first() if before else None
    if edge is not None:
        own = own.filter(_behind(added_at=edge.added_at, document_id=edge.pk))
    return list(own.order_by("-added_at", "-document_id")[: PAGE + 1])


def _behind(**edge: Any) -> Q:
    """What comes after a row where the greatest goes first. The condition on the moment alone, which the others imply,
    is what an index begins at."""
    (moment, at), (key, pk) = edge.items()
    return Q(**{f"{moment}__lte": at}) & (Q(**{f"{moment}__lt": at}) | Q(**{f"{key}__lt": pk}))


def _before(**edge: Any) -> Q:
    (moment, at), (key, pk) = edge.items()
    return Q(**{f"{moment}__gte": at}) & (Q(**{f"{moment}__gt": at}) | Q(**{f"{key}__gt": pk}))
