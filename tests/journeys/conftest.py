"""Journeys in a real Chromium, against a live server on a database with real commits."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from opsconsole.embedded.pytest_plugin import BROWSERS
from tests.journeys.seeing import Watched

FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 360, "height": 780}

expect.set_options(timeout=15_000)


@pytest.fixture(scope="module")
def chromium(django_db_setup: None) -> Iterator[Browser]:
    """The browser that the machine has; nothing is downloaded.

    Playwright keeps an event loop in this thread, which Django would take for asynchronous code. So it lives
    no longer than a module of journeys.
    """
    path = next(filter(None, map(shutil.which, BROWSERS)))
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS.split())
        yield browser
        browser.close()


@pytest.fixture
def site(chromium: Browser, database: None) -> Iterator[LiveServer]:
    """A live server; afterwards nobody is left who logged in."""
    cache.clear()
    server = LiveServer("localhost")
    yield server
    server.stop()
    for model in (LogEntry, Session, User):
        model._default_manager.all().delete()


@pytest.fixture
def signed_in(site: LiveServer) -> dict[str, str]:
    """The cookie of an operator who may see and do everything."""
    client = Client()
    client.force_login(User.objects.create_superuser("ana", first_name="Ana"))
    return {
        "name": settings.SESSION_COOKIE_NAME,
        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
        "url": site.url,
    }


@pytest.fixture
def visit(chromium: Browser, site: LiveServer, signed_in: dict[str, str]) -> Iterator[Any]:
    """Open pages as the operator: `visit(viewport=…, color_scheme=…)` gives a page whose console is watched."""
    contexts: list[BrowserContext] = []
    watched: list[Watched] = []

    def open_page(**options: Any) -> Page:
        options = {"viewport": WIDE, "permissions": ["clipboard-read", "clipboard-write"], **options}
        context = chromium.new_context(base_url=site.url, **options)
        context.add_cookies([signed_in])
        contexts.append(context)
        page = context.new_page()
        watched.append(Watched(page))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [line for page in watched for line in page.complaints] == []
