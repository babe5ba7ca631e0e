"""The page of voidings over a long history: how many rows each of its queries looks at."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from opsconsole.examples.billing.models import Report
from opsconsole.kernel.identifiers import uuid7
from tests.console.visitors import an_operator
from tests.examples.billing.paperwork import empty, issued
from tests.scale.plans import touched

LONG, MANY = 20_000, 4_000  # documents of a report; reports, processes and commands
TABLES = ("reports_", "billing_", "ops_engine_command", "ops_engine_uniquekey", "ops_streams_process")
OLDER = "/voiding/reports/{report}/?before={document}"
TOUCHED = 1_500  # rows that one query may look at; the page shows some hundred

HISTORY = [
    # many customers, with an open report each
    """INSERT INTO reports_report (id, customer, opened_at, is_published, document_count, voided_count, total)
       SELECT gen_random_uuid(), 'Customer ' || lpad(n::text, 5, '0'), now() - n * interval '1 minute', false, 0, 0, 0
         FROM generate_series(1, %(many)s) AS n""",
    # one with many published ones
    """INSERT INTO reports_report
              (id, customer, opened_at, closed_at, is_published, document_count, voided_count, total)
       SELECT gen_random_uuid(), 'Cedar Books', now() - n * interval '1 hour', now(), false, 0, 0, 0
         FROM generate_series(1, %(many)s) AS n""",
    "UPDATE reports_report SET is_published = true, published_at = now() WHERE closed_at IS NOT NULL",
    # one whose open report is long
    """INSERT INTO reports_document (document_id, report_id, is_published, amount, state, added_at)
       SELECT gen_random_uuid(), report.id, false, 1, 'reported', now() - n * interval '1 second'
         FROM reports_report AS report, generate_series(1, %(long)s) AS n
        WHERE report.customer = 'Cedar Books' AND report.closed_at IS NULL""",
    # processes that are over, and as many that are stuck
    """INSERT INTO ops_streams_process (id, type, subject, status, is_live, state, moved_at)
       SELECT gen_random_uuid(), 'billing.document_voiding', gen_random_uuid(), 'voiding_requested', true,
              '{"document_id": "01a20003-a143-7e22-a931-4f17f7de27d0", "reason": ""}', now() - n * interval '1 minute'
         FROM generate_series(1, %(many)s) AS n""",
    """UPDATE ops_streams_process SET status = 'marking_failed'
        WHERE extract(minute FROM moved_at)::int %% 2 = 0""",
    """UPDATE ops_streams_process SET status = 'failure_acknowledged', is_live = false
        WHERE status = 'marking_failed'""",
    # commands of the kinds that people send, long since done
    """INSERT INTO ops_engine_command (id, type, payload, status, correlation_id, cause_kind, max_attempts, not_before)
       SELECT id, 'billing.void_document', '{}', 'success', id, 'user', 1, now()
         FROM unnest(%(ids)s::uuid[]) AS id""",
]


@pytest.fixture
def history(fresh_engine: None) -> Iterator[Report]:
    """A report among all of that."""
    document = issued()
    with connection.cursor() as cursor:
        for sql in HISTORY:
            cursor.execute(sql, {"many": MANY, "long": LONG, "ids": [uuid7() for _ in range(MANY)]})
        cursor.execute("ANALYZE reports_report, reports_document, ops_streams_process, ops_engine_command")
    yield Report.objects.get(documents=document.pk)
    User.objects.all().delete()
    empty()


@pytest.fixture
def visitor(history: Report) -> Client:
    return an_operator()


def check(client: Client, url: str) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200, url
    for query in captured:
        sql = query["sql"]
        if any(table in sql for table in TABLES):
            assert touched(sql, TABLES) <= TOUCHED, f"{url}\n{sql[:2000]}"


ADDRESSES = ["/voiding/", "/voiding/?from=Customer 03000", "/voiding/reports/{report}/", OLDER]


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_query_of_a_page_looks_at_more_rows_than_its_bound(visitor: Client, history: Report, address: str) -> None:
    newest = history.documents.order_by("-added_at", "-pk")[LONG // 2]
    check(visitor, address.format(report=history.pk, document=newest.pk))


def test_an_old_report_costs_what_a_new_one_costs(visitor: Client) -> None:
    published = Report.objects.filter(customer="Cedar Books", is_published=True).order_by("-opened_at")
    for report in (published[0], published[MANY // 2], published[MANY - 1]):
        check(visitor, f"/voiding/reports/{report.pk}/")
