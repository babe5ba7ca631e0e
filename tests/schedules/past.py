"""Schedules and runs as the past left them, written straight into the tables."""

from datetime import datetime, timedelta
from typing import Any

from opsconsole.engine.models import Command, Event
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7
from opsconsole.schedules.models import Run, Schedule
from tests.past import a_command, an_event, caused_by
from tests.schedules.conftest import NAME

DAY = timedelta(days=1)


def a_schedule(name: str = "tests.gone", **columns: Any) -> Schedule:
    """A schedule's row; no declaration goes with it."""
    now = clock.now()
    defaults = {"kind": "daily", "rule": "06:00", "zone": "Europe/Berlin", "missed": "newest"}
    return Schedule.objects.create(name=name, **{**defaults, "seen_until": now, "next_at": now + DAY, **columns})


def a_run(status: str = "success", *, schedule: str = NAME, at: datetime | None = None, **columns: Any) -> Run:
    """A run with its command, both in this status; a successful one emitted an event."""
    at = at or clock.now()
    identifier, has_ended = uuid7(), status not in ("pending", "processing")
    of_command = {"healed": "error", "skipped": "error"}.get(status, status)
    command = a_command(
        of_command, type=schedule, cause_kind="schedule", cause_id=identifier,
        healed_by=uuid7() if status == "healed" else None,
        **({"error": "no ink", "error_class": "Refused"} if of_command == "error" else {}),
    )  # fmt: skip
    if status == "success":
        an_event(**caused_by(command))
    defaults = {
        "slot": at.isoformat()[:25], "at": at, "on": at.date(), "fired_at": at + timedelta(seconds=2),
        "status": status if has_ended else "pending",
        "started_at": at if has_ended else None, "finished_at": at + timedelta(seconds=5) if has_ended else None,
    }  # fmt: skip
    return Run.objects.create(id=identifier, schedule_id=schedule, command_id=command.pk, **{**defaults, **columns})


def command_of(run: Run) -> Command:
    return Command.objects.get(pk=run.command_id)


def event_of(run: Run) -> Event:
    return Event.objects.get(cause_id=run.command_id)
