"""Every page of the console in both themes and at both widths: accessible, quiet, and never wider than the window."""

import hashlib
from typing import Any

import pytest
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from tests.console.test_security import pages
from tests.journeys.conftest import NARROW, WIDE
from tests.journeys.seeing import AXE, overflow, violations, walk
from tests.past import a_batch, a_command, an_event, caused_by, members

HOSTS_PAGES = (
    "/admin/auth/user/",
    "/admin/auth/user/add/",
    "/admin/password_change/",
    "/admin/academics/",
    "/admin/academics/institution/",
    "/admin/academics/institution/add/",
)


@pytest.fixture
def addresses(site: LiveServer) -> list[str]:
    """Pages with something of everything on them."""
    for status in ("awaiting", "pending", "processing", "success", "error", "cancelled"):
        event = an_event("success" if status in ("awaiting", "cancelled") else status)
        a_command(status, error="no" * 30, error_class="Refused", **caused_by(event))
        members(a_batch(6, **caused_by(event)), success=2, error=1, pending=2, processing=1)
    return list(pages())


@pytest.mark.browser
@pytest.mark.timeout(1200)
def test_every_page_is_accessible_in_both_themes_and_fits_both_widths(visit: Any, addresses: list[str]) -> None:
    wide: Page = visit(viewport=WIDE, reduced_motion="reduce")
    narrow: Page = visit(viewport=NARROW, reduced_motion="reduce")
    assert walk((wide, narrow), addresses) == []


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_host_s_own_pages_are_quiet_under_the_policy_and_fit(visit: Any, site: LiveServer, scheme: str) -> None:
    page: Page = visit(color_scheme=scheme)
    for address in HOSTS_PAGES:
        page.goto(address)
        assert overflow(page) == 0, address


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_login_page_is_accessible(visit: Any, site: LiveServer, scheme: str) -> None:
    page: Page = visit(color_scheme=scheme, viewport=NARROW)
    page.context.clear_cookies()
    page.goto("/admin/login/")
    assert violations(page) == []
    assert overflow(page) == 0


def test_axe_core_is_the_file_that_its_note_names() -> None:
    note = AXE.with_name("VENDOR.md").read_text()
    assert hashlib.sha256(AXE.read_bytes()).hexdigest() in note
    assert "Mozilla Public License" in note
