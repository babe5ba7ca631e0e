"""Tests of streams get real commits and an engine without memories; those of pure code get no database at all."""

import pytest

PURE = ("test_aggregates", "test_testing")


@pytest.fixture(autouse=True)
def _engine(request: pytest.FixtureRequest) -> None:
    is_pure = request.module.__name__.rpartition(".")[2] in PURE
    if not is_pure and request.node.get_closest_marker("django_db") is None:
        request.getfixturevalue("fresh_engine")
