"""The API on a real database; most tests in a transaction that is rolled back."""

import pytest
from django.core.cache import cache

from opsconsole.api import health


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of types and tenants are kept for a minute, and how it is for a second; tests are quicker than that."""
    cache.clear()
    monkeypatch.setattr(health, "_latest", None)
