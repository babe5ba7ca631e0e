"""What tests of billing and reports share."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.console.visitors import an_operator
from tests.examples.billing.paperwork import empty


@pytest.fixture
def paperwork(fresh_engine: None) -> Iterator[None]:
    """A database with real commits; empties the tables of both services afterwards, and nobody stays."""
    yield
    empty()
    User.objects.all().delete()


@pytest.fixture
def operator(paperwork: None) -> Client:
    return an_operator()
