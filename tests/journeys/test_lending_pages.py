"""The admin of the lending back office in both themes and at both widths; and an operator who grants."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.urls import reverse
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from opsconsole.engine import send
from opsconsole.engine.testing import run_until_idle
from opsconsole.examples.lending import models
from tests.examples.lending import builders
from tests.examples.lending.test_late_fees import MARCH, cycle
from tests.journeys.conftest import NARROW, WIDE
from tests.journeys.seeing import walk

PAGES = {
    models.Company: "add change",
    models.Account: "add change",
    models.Asset: "add change",
    models.Deal: "add change",
    models.Product: "add change",
    models.Grant: "add change",
    models.LateFee: "change",
    models.FeesOwed: "change",
}

OF_DJANGO = (
    "aria-input-field-name", "empty-table-header", "label", "label-title-only", "select-name",
    "target-size",
)  # fmt: skip


@pytest.fixture
def lending(site: LiveServer, fresh_engine: None) -> Iterator[None]:
    """At least one row of everything, with long names; one fee was charged, and one was not."""
    lender, borrower = builders.company("Aurora " * 12, balance=100), builders.company("Vento Norte")
    account = builders.account(borrower)
    builders.account(lender, is_active=False)
    asset = builders.asset(lender, borrower, balance=5, values={builders.LONG_AGO: "1000.00"})
    builders.product(builders.deal((lender, "lender"), (borrower, "borrower")), asset)
    builders.product(builders.deal((lender, "lender")), asset)
    send(builders.grant(lender, to=[builders.destination(account, "1.00")], author="ana " * 30))
    cycle(MARCH)
    run_until_idle()
    yield
    tables = [model._meta.db_table for model in apps.get_app_config("lending").get_models()]
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")


def addresses() -> Iterator[str]:
    """Of each kind the list, a row, and the form for another one."""
    for model, pages in PAGES.items():
        name = f"admin:lending_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        for page in pages.split():
            row = model._default_manager.order_by("pk")[:1].values_list("pk", flat=True)
            yield reverse(f"{name}_{page}", args=list(row) if page == "change" else [])


@pytest.mark.browser
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("lending")
def test_every_page_is_accessible_in_both_themes_and_fits_both_widths(visit: Any) -> None:
    """But for what Django's templates and widgets bring along. On forms axe itself tries inline styles: it may."""
    wide: Page = visit(viewport=WIDE, reduced_motion="reduce", bypass_csp=True)
    narrow: Page = visit(viewport=NARROW, reduced_motion="reduce", bypass_csp=True)
    found = walk((wide, narrow), list(addresses()))
    assert [line for line in found if line.split()[1].rstrip(":") not in OF_DJANGO] == []


@pytest.mark.browser
@pytest.mark.usefixtures("lending")
def test_no_page_breaks_the_policy(visit: Any) -> None:
    """The window complains, and `visit` hears it."""
    page: Page = visit()
    for address in addresses():
        page.goto(address, wait_until="networkidle")


@pytest.mark.browser
@pytest.mark.usefixtures("lending")
def test_an_operator_looks_an_account_up_and_grants(visit: Any) -> None:
    page: Page = visit()
    page.goto(reverse("admin:lending_grant_add"))
    page.get_by_label("Company").fill(str(models.Company.objects.get(name__startswith="Aurora").pk))
    account = models.Account.objects.get(is_active=True)
    with page.expect_popup() as popup:
        page.locator("#lookup_id_account").click()
    popup.value.get_by_role("link", name=account.number).click()
    expect(page.locator("#id_account")).to_have_value(str(account.pk))
    page.get_by_label("Amount").fill("0.01")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("The grant was asked for")).to_be_visible()
