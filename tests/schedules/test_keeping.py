"""Old runs go; the latest of each schedule, and those that failed, stay."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opsconsole.kernel.identifiers import uuid7
from opsconsole.schedules import Daily, keeping
from opsconsole.schedules.models import Run
from opsconsole.schedules.testing import begin
from tests.schedules.conftest import NAME

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def _run(number: int, **columns: Any) -> Run:
    at = LONG_AGO + timedelta(days=number)
    defaults = {
        "slot": str(at.date()),
        "at": at,
        "on": at.date(),
        "command_id": uuid7(),
        "status": "success",
        "finished_at": at,
    }
    return Run.objects.create(schedule_id=NAME, **{**defaults, **columns})


def test_old_runs_go_but_not_the_latest_ones_nor_failed_ones(
    declare: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(keeping, "KEPT", 3)
    declare(Daily("06:00", "UTC"))
    begin(NAME)
    failed, *gone = _run(0, status="error"), _run(1), _run(2, status="healed")
    kept = [_run(number) for number in range(3, 6)]
    assert keeping.drop_old_runs() == len(gone)
    assert list(Run.objects.order_by("id")) == [failed, *kept]


def test_recent_runs_stay_however_many_there_are(declare: Callable[..., Any], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(keeping, "KEPT", 1)
    declare(Daily("06:00", "UTC"))
    begin(NAME)
    for number in range(3):
        _run(number, finished_at=datetime.now(UTC) - timedelta(days=80))
    assert keeping.drop_old_runs() == 0
