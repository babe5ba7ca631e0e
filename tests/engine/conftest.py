"""Tests of the engine get real commits and an engine without memories, unless they ask for Django's own database."""

import pytest


@pytest.fixture(autouse=True)
def _engine(request: pytest.FixtureRequest) -> None:
    if request.node.get_closest_marker("django_db") is None:
        request.getfixturevalue("fresh_engine")
