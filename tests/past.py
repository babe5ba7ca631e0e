"""Rows as the past left them: in any state, at any time, written straight into the tables."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from opsconsole.engine.models import Batch, Command, Event, Rollup
from opsconsole.engine.rollups import BOUNDS
from opsconsole.engine.states import UNFINISHED
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7, uuid7_at

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def ago(by: timedelta) -> datetime:
    return clock.now() - by


def a_command(status: str = "success", *, at: datetime | None = None, seconds: float = 0.05, **columns: Any) -> Command:
    """A command that was made at `at` and, if it has ended, ended `seconds` later."""
    at = at or clock.now()
    identifier = columns.pop("id", uuid7_at(at))
    defaults = {
        "type": "tests.act", "payload": {}, "correlation_id": identifier, "not_before": at,
        "claim_id": uuid7() if status == "processing" else None, **_ended(status, at, seconds),
    }  # fmt: skip
    return Command.objects.create(id=identifier, status=status, created_at=at, **{**defaults, **columns})


def an_event(status: str = "success", *, at: datetime | None = None, seconds: float = 0.005, **columns: Any) -> Event:
    at = at or clock.now()
    identifier = columns.pop("id", uuid7_at(at))
    defaults = {
        "type": "tests.happened", "data": {}, "correlation_id": identifier,
        "claim_id": uuid7() if status == "processing" else None, **_ended(status, at, seconds),
    }  # fmt: skip
    return Event.objects.create(id=identifier, status=status, created_at=at, **{**defaults, **columns})


def a_batch(size: int = 0, status: str = "processing", *, at: datetime | None = None, **columns: Any) -> Batch:
    at = at or clock.now()
    identifier = columns.pop("id", uuid7_at(at))
    defaults = {"name": "tests.many", "correlation_id": identifier, "started_at": at}
    return Batch.objects.create(id=identifier, size=size, status=status, created_at=at, **{**defaults, **columns})


def caused_by(cause: Event | Command | Batch, kind: str = "") -> dict[str, Any]:
    """The columns of a row that `cause` set off."""
    kind = kind or type(cause).__name__.lower()
    return {"cause_kind": kind, "cause_id": cause.pk, "correlation_id": cause.correlation_id}


def members(batch: Batch, **counts: int) -> list[UUID]:
    """Fill a batch with members in these statuses."""
    rows = [
        Command(
            id=uuid7(), type="tests.act", payload={}, not_before=batch.created_at, batch_id=batch.pk, status=status,
            correlation_id=batch.correlation_id, cause_kind=batch.cause_kind, cause_id=batch.cause_id,
            claim_id=uuid7() if status == "processing" else None, created_at=batch.created_at,
        )
        for status, count in counts.items()
        for _ in range(count)
    ]  # fmt: skip
    return [command.pk for command in Command.objects.bulk_create(rows)]


def a_rollup(count: int, *, bucket: datetime, status: str = "success", kind: str = "command", **columns: Any) -> Rollup:
    defaults = {"type": "tests.act", "span": "minute", "tenant": "", "seconds": 0.0}
    histogram = [count] + [0] * len(BOUNDS)
    return Rollup.objects.create(
        kind=kind, bucket=bucket, status=status, count=count, histogram=histogram, **{**defaults, **columns}
    )


def _ended(status: str, at: datetime, seconds: float) -> dict[str, Any]:
    if status in UNFINISHED:
        return {}
    took = timedelta(seconds=seconds)
    return {"started_at": at, "finished_at": at + took, "duration": took, "attempts": 1}
