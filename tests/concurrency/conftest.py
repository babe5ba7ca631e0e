"""Races are run on real connections, each thread with its own."""

import pytest


@pytest.fixture(autouse=True)
def _engine(fresh_engine: None) -> None:
    """Real commits, and an engine without memories."""
