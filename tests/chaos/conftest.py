"""Durable servers of their own for the tests that kill things; a fresh site on them for each test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from opsconsole.embedded.temporary import Servers, throwaway
from tests.chaos.site import Site, connected_to
from tests.handlers_app import scripts

LEASE = 3.0  # seconds: short, so that a rescue need not be waited for long


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """They wait for processes most of the time and load the machine: give them time, and the same servers."""
    for item in items:
        if "/chaos/" in str(item.path) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def durable_servers(django_db_setup: None, django_db_blocker: Any) -> Iterator[Servers]:
    with throwaway(durable=True, settings={"max_connections": "200"}) as servers:
        with django_db_blocker.unblock(), connected_to(servers):
            call_command("migrate", run_syncdb=True, verbosity=0)
        yield servers


@pytest.fixture
def site(durable_servers: Servers, django_db_blocker: Any, tmp_path: Path, request: Any) -> Iterator[Site]:
    """A site without processes, its database empty; parametrize it with engine settings."""
    engine = {"lease": LEASE, **getattr(request, "param", {})}
    with django_db_blocker.unblock(), connected_to(durable_servers):
        call_command("flush", interactive=False, verbosity=0)
        scripts.forget()
        site = Site(durable_servers, tmp_path, engine)
        try:
            yield site
        finally:
            site.stop()
            _wait_for_sessions_to_end()


def _wait_for_sessions_to_end() -> None:
    """What a killed process had open must not disturb the next test."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
