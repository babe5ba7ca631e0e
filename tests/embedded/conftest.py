"""A directory that PostgreSQL's account can reach, which pytest's own is not when root runs the suite."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from opsconsole.embedded import throwaway_directory


@pytest.fixture
def directory() -> Iterator[Path]:
    with throwaway_directory(in_memory=True) as path:
        yield path
