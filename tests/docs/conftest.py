"""The examples' database: real commits, the shop's tables, and registries that forget each page."""

from collections.abc import Iterator

import pytest

from tests.docs.playing import Session, session, shop_tables


@pytest.fixture
def playing(fresh_engine: None) -> Iterator[Session]:
    with shop_tables(), session() as playing:
        yield playing
