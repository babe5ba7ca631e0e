"""The page at /voiding/: what it shows, and when it asks again."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from opsconsole.console.middleware import POLICY
from opsconsole.engine.models import UniqueKey
from opsconsole.engine.testing import run_until_idle
from opsconsole.examples.billing.models import Report
from opsconsole.examples.billing.voiding.looks import STUCK
from opsconsole.examples.billing.voiding.reading import DOCUMENTS
from opsconsole.examples.billing.voiding.voidings import NEWEST, OLDEST
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7_at
from opsconsole.streams import operations
from opsconsole.streams.models import Process, Subscription
from tests.console.visitors import Page, look, somebody
from tests.examples.billing.paperwork import (
    a_process,
    acknowledge,
    closed_report,
    failed,
    issued,
    long_report,
    publish,
    report_of,
    the_process,
    void,
)
from tests.examples.billing.sights import PAGE, SEEING, address_of, documents_on, live
from tests.past import HOUR

pytestmark = pytest.mark.usefixtures("paperwork")

NASTY = "<script>alert('x')</script>"


class TestWhatItShows:
    def test_before_there_is_anything_it_says_how_something_comes(self, operator: Client) -> None:
        page = look(operator, PAGE)
        assert "No document yet" in page.text
        assert "manage.py simulate_billing" in page.text
        assert "Nothing is being voided" in page.text

    def test_the_open_report_of_each_customer_with_its_documents(self, operator: Client) -> None:
        documents = [issued(10), issued(32), issued(5, customer="Alder Foods")]
        page = look(operator, PAGE)

        assert page.text.index("Alder Foods") < page.text.index("Cedar Books")
        assert "42.00 2 documents" in page.text
        for document in documents:
            assert page.having("id", f"document-{document.pk}")
            assert page.having("formaction", f"{PAGE}documents/{document.pk}/void/")
        assert len(page.having("aria-label", "Open report of Cedar Books")) == 1

    def test_a_voided_document_is_struck_out_and_does_not_count(self, operator: Client) -> None:
        document = issued(10)
        issued(32)
        void(document)
        page = look(operator, PAGE)

        assert "32.00 1 document, 1 voided" in page.text
        assert [tag for tag, _ in page.elements].count("s") == 1
        assert not page.having("formaction", f"{PAGE}documents/{document.pk}/void/")

    def test_a_published_report_stays_with_a_new_one_above_it(self, operator: Client) -> None:
        publish(report_of(issued(10)))
        page = look(operator, PAGE)
        assert "No report is open: the next document opens one." in page.text
        assert "Published" in page.text

        issued(20)
        page = look(operator, PAGE)
        assert len(page.having("aria-label", "Open report of Cedar Books")) == 1
        assert len(page.having("aria-label", "Published report of Cedar Books")) == 1

    def test_a_failed_process_with_why_and_a_button_until_it_is_acknowledged(self, operator: Client) -> None:
        process = failed()
        page = look(operator, PAGE)
        assert "its report was published at" in page.text
        assert page.having("formaction", f"{PAGE}processes/{process.pk}/acknowledge/")
        (reason,) = {at["data-reason"] for at in page.having("data-reason")}
        assert reason == "Its failed voiding is not acknowledged yet."

        acknowledge(process)
        page = look(operator, PAGE)
        assert not page.having("id", f"process-{process.pk}")
        assert "acknowledged" in page.text
        assert page.having("formaction", f"{PAGE}documents/{process.subject}/void/")

    def test_a_process_that_does_not_get_on_is_marked_as_stuck(self, operator: Client) -> None:
        failed()
        process = the_process()
        Process.objects.update(moved_at=process.moved_at - HOUR)
        assert f"{STUCK.sentence} Cedar Books" not in look(operator, PAGE).text, "it waits for a person"
        Process.objects.filter(pk=process.pk).delete()
        process.status = "voiding_requested"
        process.moved_at -= HOUR
        process.save(force_insert=True)
        assert f"{STUCK.sentence} Cedar Books" in look(operator, PAGE).text

    def test_of_a_long_report_the_newest_documents_and_the_way_to_all_of_them(self, operator: Client) -> None:
        report = long_report(DOCUMENTS + 5)
        page = look(operator, PAGE)
        assert len(documents_on(page)) == DOCUMENTS
        assert "and 5 earlier: all of them" in page.text
        assert address_of(report) in page.links

    def test_what_failed_and_what_is_stuck_goes_first(self, operator: Client) -> None:
        failed()
        stuck, moving = a_process("voiding_requested", HOUR), a_process("voiding_requested")
        rows = [at["id"] for at in look(operator, PAGE).having("id") if at["id"].startswith("process-")]
        first = Process.objects.get(status="marking_failed").pk
        assert rows == [f"process-{pk}" for pk in (first, stuck.pk, moving.pk)]

    def test_of_very_many_processes_those_that_wait_for_longest_the_latest_and_a_link_to_the_others(
        self, operator: Client
    ) -> None:
        many = [a_process("voiding_requested", HOUR * number) for number in range(OLDEST + NEWEST + 12)]
        page = look(operator, PAGE)
        shown = {at["id"] for at in page.having("id") if at["id"].startswith("process-")}
        assert shown == {f"process-{process.pk}" for process in (*many[:NEWEST], *many[-OLDEST:])}
        assert "and 12 more" in page.text
        (link,) = [link for link in page.links if "condition=live" in link]
        assert str(many[NEWEST].pk) in operator.get(link).content.decode()

    def test_one_whose_publication_waits_stays_with_what_it_waits_for(self, operator: Client) -> None:
        held, report = closed_report()
        issued(32)
        page = look(operator, PAGE)
        assert len(page.having("aria-label", "Open report of Cedar Books")) == 1
        assert len(page.having("aria-label", "Closed report of Cedar Books")) == 1
        assert page.having("id", f"document-{held.pk}")
        assert {at["data-reason"] for at in page.having("data-reason")} == {
            "Asked for: it waits until no document of the report is being voided."
        }
        report.documents.update(state="reported")
        assert look(operator, PAGE).having("formaction", f"{address_of(report)}publish/"), "nothing holds it up"

    def test_a_few_customers_are_not_paged(self, operator: Client) -> None:
        issued()
        page = look(operator, PAGE)
        assert not page.having("aria-label", "Customers")
        assert not page.having("name", "from")

    def test_what_it_costs_does_not_depend_on_how_much_there_is(
        self, operator: Client, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(4):
            void(issued(customer=f"Customer {number}"))
            failed(issued(customer=f"Customer {number}"))
        with django_assert_max_num_queries(14):
            operator.get(PAGE)

    def test_nothing_of_a_customer_is_rendered_unescaped(self, operator: Client) -> None:
        failed(issued(customer=NASTY))
        assert NASTY not in operator.get(PAGE).content.decode()

    def test_that_it_is_slowed_down_is_said(self, operator: Client, settings: Any) -> None:
        assert "SLOW_DOWN" not in look(operator, PAGE).text
        settings.BILLING = {"slow_down": 2.0}
        assert "SLOW_DOWN: each step waits 2 s." in look(operator, PAGE).text

    def test_it_is_strict_about_scripts_and_styles(self, operator: Client) -> None:
        failed()
        response = operator.get(PAGE)
        page = Page(response.content.decode())
        assert response.headers["Content-Security-Policy"] == POLICY
        assert page.inline_scripts == []
        assert page.having("style") == []

    def test_it_stands_in_the_rail_of_the_console(self, operator: Client) -> None:
        assert PAGE in look(operator, reverse("admin:index")).links
        (current,) = look(operator, PAGE).having("aria-current", "page")
        assert current["href"] == PAGE


class TestRefreshing:
    def test_nothing_is_sent_while_nothing_changes(self, operator: Client) -> None:
        failed()
        version = live(operator).headers["X-Ops-Version"]
        assert live(operator, version).status_code == 204
        issued()
        assert live(operator, version).status_code == 200

    def test_what_waits_for_something_else_is_not_asked_for_more_often(self, operator: Client) -> None:
        closed_report()
        a_process("voiding_requested", HOUR)
        assert not Page(live(operator).content.decode()).having("data-moving")
        operator.post(f"{PAGE}documents/{issued().pk}/void/")
        UniqueKey.objects.update(command_id=uuid7_at(clock.now() - HOUR))
        assert not Page(live(operator).content.decode()).having("data-moving"), "no worker takes it"

    def test_it_asks_more_often_only_while_something_moves(self, operator: Client) -> None:
        document = issued()
        assert not Page(live(operator).content.decode()).having("data-moving")
        operator.post(f"{PAGE}documents/{document.pk}/void/")
        assert Page(live(operator).content.decode()).having("data-moving")
        run_until_idle()
        failed()
        assert not Page(live(operator).content.decode()).having("data-moving")


class TestWhenNobodyListens:
    WORDS = "Subscription billing.document_voiding is paused: what is asked for below does not begin"

    def rest(self, *names: str) -> None:
        for name in names:
            operations.pause(name, actor="ana", reason="a look")

    def test_that_a_subscription_rests_is_said_with_what_does_not_happen(self, operator: Client) -> None:
        issued()
        assert "is paused" not in look(operator, PAGE).text
        self.rest("billing.document_voiding", "reports.documents")
        page = look(operator, PAGE)
        assert self.WORDS in page.text
        assert "Subscription reports.documents is paused: reports do not hear of new documents" in page.text
        assert reverse("admin:ops_subscription", args=["reports.documents"]) in page.links
        assert self.WORDS in look(operator, address_of(Report.objects.get())).text

    def test_one_that_stopped_at_an_event_is_named_like_that(self, operator: Client) -> None:
        issued()
        stopped = Subscription.objects.filter(name="reports.documents")
        stopped.update(status="stopped", failed_position=1)
        assert "Subscription reports.documents is stopped" in look(operator, PAGE).text

    def test_who_may_not_see_subscriptions_is_told_without_a_link(self) -> None:
        issued()
        self.rest("billing.document_voiding")
        page = look(somebody(SEEING), PAGE)
        assert self.WORDS in page.text
        assert not [link for link in page.links if "subscriptions/" in link]
