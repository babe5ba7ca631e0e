"""The page of voidings in a browser, with everything running behind it: processes move before one's eyes."""

import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from opsconsole.engine import send
from opsconsole.examples.billing.commands import IssueDocument, MarkDocumentAsVoided
from opsconsole.examples.billing.models import Document, Report, ReportedDocument
from opsconsole.examples.billing.voiding.reading import PAGE
from opsconsole.kernel.identifiers import uuid7
from tests.chaos.site import Process, eventually
from tests.examples.billing.paperwork import do, empty, failed, issued, long_report, publish, report_of, void
from tests.journeys.academy import _database_url
from tests.journeys.conftest import NARROW, WIDE
from tests.journeys.seeing import overflow, violations

PROGRAMS = (["dispatcher"], ["worker", "-c", "2"])
CUSTOMERS = ("Alder Foods", "Birch Tools", "Cedar Books")


@pytest.fixture
def office(database: None, tmp_path: Path) -> Iterator[None]:
    """A dispatcher and a worker on this test's database; afterwards no document is left in it."""
    environment = {
        "DATABASE_URL": _database_url(),
        "REDIS_URL": os.environ["REDIS_URL"],
        "DJANGO_SETTINGS_MODULE": "tests.journeys.billing_settings",
        "OPSCONSOLE_TEST_ENGINE": json.dumps({"wake_up": "after_commit", "chunk_seconds": 0.5}),
    }
    processes = [
        Process(words[0], *words, log=tmp_path / f"{words[0]}.log", environment=environment) for words in PROGRAMS
    ]
    try:
        for process in processes:
            process.launch()
        yield
    finally:
        for process in processes:
            process.kill()
        empty()


@pytest.fixture
def papers(database: None) -> Iterator[None]:
    """Documents in every state, without anything running."""
    for customer in CUSTOMERS:
        for amount in (12, 30, 7):
            issued(amount, customer=customer)
    void(Document.objects.filter(customer=CUSTOMERS[0]).first())
    failed(Document.objects.filter(customer=CUSTOMERS[1]).first())
    issued(41, customer=CUSTOMERS[1])
    held = Document.objects.filter(customer=CUSTOMERS[2]).first()
    do(MarkDocumentAsVoided(document_id=held.pk))
    publish(report_of(held))
    long_report(PAGE + 4)
    yield
    empty()


@pytest.mark.browser
def test_a_document_is_voided_another_fails_and_the_failure_is_acknowledged(visit: Any, office: None) -> None:
    page: Page = visit()
    page.goto("/voiding/")
    expect(page.locator("main")).to_contain_text("No document yet")
    first, second = issue(10), issue(32)
    eventually(lambda: ReportedDocument.objects.count() == 2, "the report")
    expect(page.locator("main")).to_contain_text("42.00")

    row_of(page, first).get_by_role("button", name="Void").click()
    expect(page.get_by_role("status")).to_contain_text("Voiding asked for.")
    expect(process_row(page)).to_contain_text("requested")
    expect(process_row(page)).to_contain_text("marked")
    expect(row_of(page, first).locator("s")).to_have_text("10.00")
    expect(page.locator("main")).to_contain_text("Nothing is being voided")
    assert Document.objects.get(pk=first).voided_at is not None

    page.get_by_role("button", name="Publish").click()
    expect(page.locator("main")).to_contain_text("No report is open")
    assert Report.objects.get().is_published

    row_of(page, second).get_by_role("button", name="Void").click()
    expect(process_row(page)).to_contain_text("requested")
    expect(process_row(page)).to_contain_text("failed")
    expect(process_row(page)).to_contain_text("its report was published at")
    process_row(page).get_by_role("button", name="Acknowledge").click()
    expect(page.locator("main")).to_contain_text("Nothing is being voided")
    expect(page.locator("#voidings-title")).to_be_focused()
    expect(row_of(page, second)).to_contain_text("acknowledged")
    expect(row_of(page, second).get_by_role("button", name="Void")).to_be_enabled()
    assert ReportedDocument.objects.get(pk=second).state == "reported"
    assert page.url.endswith("/voiding/"), "the page was never left"


@pytest.mark.browser
def test_a_publication_waits_for_the_voiding_of_one_of_its_documents(visit: Any, office: None) -> None:
    page: Page = visit()
    document = issue(10)
    eventually(ReportedDocument.objects.exists, "the report")
    page.goto("/voiding/")
    row_of(page, document).get_by_role("button", name="Void").click()
    expect(process_row(page)).to_contain_text("marked")
    page.get_by_role("button", name="Publish").click()
    closed = page.get_by_role("table", name="Closed report of Cedar Books")
    expect(closed).to_be_visible()
    expect(page.get_by_role("button", name="Publish")).to_have_attribute("aria-disabled", "true")
    expect(page.locator("main")).to_contain_text("No report is open")
    expect(page.get_by_role("table", name="Published report of Cedar Books")).to_be_visible()
    expect(closed).to_have_count(0)
    report = Report.objects.get()
    assert report.published_at > Document.objects.get().voided_at
    assert ReportedDocument.objects.get().state == "voided"


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_wide_and_narrow(visit: Any, site: Any, papers: None, scheme: str) -> None:
    findings: list[str] = []
    long = Report.objects.get(customer=CUSTOMERS[2], closed_at=None)
    for viewport in (WIDE, NARROW):
        page: Page = visit(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
        for name, address in {"voiding": "/voiding/", "report": f"/voiding/reports/{long.pk}/"}.items():
            page.goto(address)
            expect(page.locator("tr[id^=document-]").first).to_be_visible()
            findings += violations(page)
            if excess := overflow(page):
                findings.append(f"{name}: {excess} pixels wider than its window of {viewport['width']}")
            if directory := os.environ.get("OPSCONSOLE_SCREENSHOTS"):
                page.screenshot(path=Path(directory) / f"{name}-{scheme}-{viewport['width']}.png", full_page=True)
    assert findings == []


@pytest.mark.browser
def test_a_document_far_down_a_long_report_is_asked_for_without_leaving_its_place(
    visit: Any, site: Any, papers: None
) -> None:
    page: Page = visit()
    page.goto("/voiding/")
    page.get_by_role("link", name="all of them").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Report of Cedar Books")
    page.get_by_role("link", name="Older").click()
    expect(page.locator("tr[id^=document-]")).to_have_count(4)
    oldest = page.locator("tr[id^=document-]").last
    oldest.get_by_role("button", name="Void").click()
    expect(page.get_by_role("status")).to_contain_text("Voiding asked for.")
    expect(oldest).to_contain_text("asked")
    expect(page.locator("tr[id^=document-]")).to_have_count(4)


@pytest.mark.browser
@pytest.mark.parametrize(("status", "words"), [(403, "you may not do that"), (500, "The server failed")])
def test_an_answer_that_is_none_is_told_for_what_it_is(
    chromium: Browser, site: Any, signed_in: Any, papers: None, status: int, words: str
) -> None:
    with chromium.new_context(base_url=site.url) as context:  # not watched: the browser complains, as it should
        context.add_cookies([signed_in])
        page = context.new_page()
        page.route("**/void/", lambda route: route.fulfill(status=status, body="no"))
        page.goto("/voiding/")
        page.get_by_role("button", name="Void").first.click()
        expect(page.get_by_role("status")).to_contain_text(words)


@pytest.mark.browser
def test_without_scripts_the_buttons_work_all_the_same(visit: Any, site: Any, papers: None) -> None:
    page: Page = visit(java_script_enabled=False)
    page.goto("/voiding/")
    page.get_by_role("button", name="Publish").first.click()
    expect(page.locator(".messagelist")).to_contain_text("Publication asked for")


def issue(amount: int) -> Any:
    identifier = uuid7()
    send(IssueDocument(document_id=identifier, customer="Cedar Books", amount=Decimal(amount)))
    return identifier


def row_of(page: Page, document_id: Any) -> Locator:
    return page.locator(f"#document-{document_id}")


def process_row(page: Page) -> Locator:
    return page.locator("tr[id^=process-]")
