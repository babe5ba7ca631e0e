"""The pages of voidings, and what a test looks for there."""

from typing import Any

from django.test import Client

from opsconsole.examples.billing.models import Report
from tests.console.visitors import Page

PAGE = "/voiding/"
SEEING = "billing.view_report"


def address_of(report: Report) -> str:
    return f"{PAGE}reports/{report.pk}/"


def documents_on(page: Page) -> list[str]:
    return [at["id"].removeprefix("document-") for at in page.having("id") if at["id"].startswith("document-")]


def live(client: Client, version: str = "") -> Any:
    """The part of the page that refreshes itself."""
    return client.get(PAGE, headers={"HX-Request": "true", "HX-Target": "live", "X-Ops-Version": version})
