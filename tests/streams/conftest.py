"""Tests of streams get real commits and an engine without memories; those of pure code get no database at all."""

from collections.abc import Iterator

import pytest

from opsconsole.streams.followers import FOLLOWERS
from opsconsole.streams.moves import PROCESSES

PURE = ("test_aggregates", "test_testing")


@pytest.fixture(autouse=True)
def _engine(request: pytest.FixtureRequest) -> None:
    is_pure = request.module.__name__.rpartition(".")[2] in PURE
    if not is_pure and request.node.get_closest_marker("django_db") is None:
        request.getfixturevalue("fresh_engine")


@pytest.fixture
def alone() -> Iterator[None]:
    """Nobody follows the log but those whom the test declares."""
    kept = [(registry, dict(registry._items)) for registry in (FOLLOWERS, PROCESSES)]
    for registry, _ in kept:
        registry._items.clear()
    yield
    for registry, items in kept:
        registry._items.clear()
        registry._items.update(items)
