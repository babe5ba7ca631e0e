"""The page of the API's documentation in a real browser: offline, under the strict policy, with every operation."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from opsconsole.api.site import api


@pytest.mark.browser
def test_the_documentation_shows_every_operation_and_asks_nobody_else(visit: Any, site: LiveServer) -> None:
    page: Page = visit()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/api/docs")
    expect(page.locator(".opblock")).to_have_count(len(list(api().operations())))
    expect(page.locator("#operations-Jobs-jobs_create")).to_contain_text("/jobs")
    assert [url for url in asked if not url.startswith((site.url, "data:"))] == []
