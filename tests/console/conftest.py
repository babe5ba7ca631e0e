"""The console's pages on a real database; every test in a transaction that is rolled back."""

import pytest
from django.core.cache import cache
from django.test import Client

from tests.console.visitors import an_operator


@pytest.fixture(autouse=True)
def _nothing_kept(request: pytest.FixtureRequest) -> None:
    """Names of types and tenants are kept for a minute; tests are quicker than that."""
    cache.clear()


@pytest.fixture
def operator(db: None) -> Client:
    return an_operator()
