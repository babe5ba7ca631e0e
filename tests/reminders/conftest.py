"""Reminders on a database with real commits; those of pure code get none."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.reminders.receiver import Receiver

PURE = ("test_checks", "test_timers", "test_reminder", "test_delivery", "test_listed")


@pytest.fixture(autouse=True)
def _engine(request: pytest.FixtureRequest) -> None:
    is_pure = request.module.__name__.rpartition(".")[2] in PURE
    if not is_pure and request.node.get_closest_marker("django_db") is None:
        request.getfixturevalue("fresh_engine")


@pytest.fixture
def loopback(settings: Any) -> None:
    settings.OPSCONSOLE_REMINDERS = {"allow_loopback": True, "timeout": 2.0, "signing_key": "a-key-of-sixteen-signs"}


@pytest.fixture
def receiver(loopback: None) -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver
