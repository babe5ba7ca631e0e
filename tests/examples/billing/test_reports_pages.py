"""Many customers, a page at a time, and the page of one report."""

from typing import Any

import pytest
from django.test import Client

from opsconsole.engine.testing import run_until_idle
from opsconsole.examples.billing.models import Document, Report
from opsconsole.examples.billing.voiding.reading import CUSTOMERS
from opsconsole.examples.billing.voiding.reading import PAGE as DOCUMENTS_A_PAGE
from opsconsole.kernel.identifiers import uuid7
from tests.console.visitors import Page, look, somebody
from tests.examples.billing.paperwork import issued, long_report, publish, report_of
from tests.examples.billing.sights import PAGE, SEEING, address_of, documents_on

pytestmark = pytest.mark.usefixtures("paperwork")


class TestManyCustomers:
    NAMES = [f"Customer {number:02}" for number in range(CUSTOMERS + 2)]

    @pytest.fixture(autouse=True)
    def _customers(self) -> None:
        Report.objects.bulk_create(Report(pk=uuid7(), customer=name) for name in self.NAMES)

    def shown(self, page: Page) -> list[str]:
        return [at["aria-label"] for tag, at in page.elements if tag == "article"]

    def test_are_all_reached_page_by_page(self, operator: Client) -> None:
        page = look(operator, PAGE)
        assert self.shown(page) == self.NAMES[:CUSTOMERS]
        assert f"12 customers, by name; more from {self.NAMES[CUSTOMERS]} on" in page.text
        (following,) = [at["href"] for at in page.having("rel", "next")]
        page = look(operator, following)
        assert self.shown(page) == self.NAMES[CUSTOMERS:]
        assert "No customer behind these" in page.text
        assert not page.having("rel", "next")
        assert PAGE in page.links

    def test_are_found_by_how_a_name_begins(self, operator: Client) -> None:
        page = look(operator, f"{PAGE}?from=Customer 13")
        assert self.shown(page) == ["Customer 13"]
        assert "No customer there" in look(operator, f"{PAGE}?from=Zebra%00").text

    def test_what_is_asked_on_a_later_page_is_answered_there(self, operator: Client) -> None:
        page = look(operator, f"{PAGE}?from=Customer 12")
        assert {
            at["name"]: at["value"] for at in page.having("type", "hidden") if at["name"] != "csrfmiddlewaretoken"
        } == {"from": "Customer 12"}
        report = Report.objects.get(customer="Customer 13")
        response = operator.post(f"{address_of(report)}publish/", {"from": "Customer 12"})
        assert response.headers["Location"] == f"{PAGE}?from=Customer+12"


class TestOneReport:
    def test_it_has_every_document_page_by_page(self, operator: Client) -> None:
        report = long_report(2 * DOCUMENTS_A_PAGE + 5)
        met: list[str] = []
        address = address_of(report)
        for _ in range(3):
            page = look(operator, address)
            met += documents_on(page)
            older = [at["href"] for at in page.having("rel", "next")]
            address = address_of(report) + older[0] if older else ""
        assert address == ""
        assert met == [str(pk) for pk in report.documents.order_by("-added_at", "-pk").values_list("pk", flat=True)]

    def test_documents_that_came_at_one_moment_are_met_once_each(self, operator: Client) -> None:
        report = long_report(DOCUMENTS_A_PAGE + 3)
        report.documents.update(added_at=report.opened_at)
        first = look(operator, address_of(report))
        (older,) = [at["href"] for at in first.having("rel", "next")]
        met = [*documents_on(first), *documents_on(look(operator, address_of(report) + older))]
        assert len(met) == len(set(met)) == report.documents.count()

    def test_a_document_far_down_is_voided_from_there(self, operator: Client) -> None:
        document = issued()
        report = long_report(DOCUMENTS_A_PAGE + 5)
        edge = report.documents.order_by("-added_at", "-pk")[DOCUMENTS_A_PAGE - 1]
        address = f"{address_of(report)}?before={edge.pk}"
        page = look(operator, address)
        (button,) = page.having("formaction", f"{PAGE}documents/{document.pk}/void/")
        fields = {at["name"]: at["value"] for at in page.having("type", "hidden")}
        response = operator.post(button["formaction"], fields)
        assert response.headers["Location"] == address
        assert "asked" in look(operator, address).text
        run_until_idle()
        assert Document.objects.get(pk=document.pk).voided_at is not None
        assert len([tag for tag, _ in look(operator, address).elements if tag == "s"]) == 1

    def test_it_is_published_from_there_and_a_script_is_answered_with_it(self, operator: Client) -> None:
        report = report_of(issued())
        (button,) = look(operator, address_of(report)).having("formaction", f"{address_of(report)}publish/")
        response = operator.post(
            button["formaction"], {"report": report.pk}, headers={"HX-Request": "true", "HX-Target": "live"}
        )
        page = Page(response.content.decode())
        assert "Report of Cedar Books" in page.text
        assert page.having("data-moving")
        run_until_idle()
        page = look(operator, address_of(report))
        assert "published" in page.text
        assert not page.having("formaction", f"{address_of(report)}publish/")

    def test_it_leads_to_the_reports_before_it_and_behind_it(self, operator: Client) -> None:
        reports = []
        for _ in range(3):
            reports.append(report_of(issued()))
            publish(reports[-1])
        assert address_of(reports[2]) in look(operator, PAGE).links
        links = look(operator, address_of(reports[1])).links
        assert address_of(reports[0]) in links
        assert address_of(reports[2]) in links
        assert address_of(reports[1]) not in [link for link in links if "?" not in link]

    def test_a_report_that_there_is_not_is_said_so(self, operator: Client) -> None:
        assert "No report has the id" in look(operator, f"{PAGE}reports/{uuid7()}/", status=404).text

    def test_nonsense_in_the_address_is_left_out(self, operator: Client) -> None:
        report = report_of(issued())
        for nonsense in ("x", uuid7(), "%00"):
            assert len(documents_on(look(operator, f"{address_of(report)}?before={nonsense}"))) == 1

    def test_it_takes_the_permission_to_see_reports(self) -> None:
        report = report_of(issued())
        assert SEEING in look(somebody("billing.view_document"), address_of(report), status=403).text
        page = look(somebody(SEEING), address_of(report))
        assert not page.having("formaction")

    def test_it_refreshes_itself_and_nothing_is_sent_while_nothing_changes(self, operator: Client) -> None:
        report = report_of(issued())
        headers = {"HX-Request": "true", "HX-Target": "live"}
        version = operator.get(address_of(report), headers=headers).headers["X-Ops-Version"]
        assert operator.get(address_of(report), headers={**headers, "X-Ops-Version": version}).status_code == 204

    def test_what_it_costs_does_not_depend_on_how_much_there_is(
        self, operator: Client, django_assert_max_num_queries: Any
    ) -> None:
        report = long_report(DOCUMENTS_A_PAGE + 5)
        with django_assert_max_num_queries(12):
            operator.get(address_of(report))
