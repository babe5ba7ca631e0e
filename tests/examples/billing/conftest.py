"""What tests of billing and reports share."""

from collections.abc import Iterator

import pytest

from tests.examples.billing.paperwork import empty


@pytest.fixture
def paperwork(fresh_engine: None) -> Iterator[None]:
    """A database with real commits; empties the tables of both services afterwards, too."""
    yield
    empty()
