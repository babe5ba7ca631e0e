"""The page of the API's documentation in a real browser: offline, under the strict policy, with every operation."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from opsconsole.api.models import Token
from opsconsole.api.site import api
from tests.journeys.conftest import NARROW, WIDE
from tests.journeys.seeing import overflow, violations, walk


@pytest.mark.browser
def test_the_documentation_shows_every_operation_and_asks_nobody_else(visit: Any, site: LiveServer) -> None:
    page: Page = visit()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/api/docs")
    expect(page.locator(".opblock")).to_have_count(len(list(api().operations())))
    expect(page.locator("#operations-Jobs-jobs_create")).to_contain_text("/jobs")
    assert [url for url in asked if not url.startswith((site.url, "data:"))] == []


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_the_documentation_says_can_be_read_and_touched(visit: Any, scheme: str) -> None:
    """How its elements lie within each other is the renderer's business; their colours and sizes are ours."""
    for window in (WIDE, NARROW):
        page: Page = visit(viewport=window, color_scheme=scheme, reduced_motion="reduce")
        page.goto("/api/docs")
        expect(page.locator(".opblock")).to_have_count(len(list(api().operations())))
        assert [found for rule in ("color-contrast", "target-size") for found in violations(page, rule)] == []
        assert overflow(page) == 0


@pytest.mark.browser
def test_a_token_is_made_seen_once_and_revoked_by_hand(visit: Any, site: LiveServer) -> None:
    wide: Page = visit(viewport=WIDE, reduced_motion="reduce")
    narrow: Page = visit(viewport=NARROW, reduced_motion="reduce")
    assert walk((wide, narrow), ["/admin/ops_api/token/", "/admin/ops_api/token/add/"]) == []
    wide.goto("/admin/ops_api/token/add/")
    wide.get_by_label("Name:").fill("nightly")
    wide.get_by_label("User:").select_option(label="ana")
    wide.get_by_label("(ops_engine.view_command)").check()
    wide.get_by_role("button", name="Save", exact=True).click()
    secret = wide.locator("#secret").inner_text()
    assert violations(wide) == []
    assert overflow(wide) == 0
    token = Token.objects.get()
    assert secret.startswith(token.hint)
    assert walk((wide, narrow), ["/admin/ops_api/token/", f"/admin/ops_api/token/{token.pk}/change/"]) == []
    wide.goto(f"/admin/ops_api/token/{token.pk}/change/")
    assert secret not in wide.content()
    wide.get_by_role("button", name="Revoke").click()
    expect(wide.get_by_text("it is let in no more.")).to_be_visible()
    expect(wide.get_by_text("revoked by ana")).to_be_visible()
    Token.objects.all().delete()
