"""The API on a real database; most tests in a transaction that is rolled back."""

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """Names of types and tenants are kept for a minute; tests are quicker than that."""
    cache.clear()
