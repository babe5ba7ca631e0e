"""Something of each kind for operations to be called on: of tenant "a", and what to send."""

from collections.abc import Callable
from typing import Any

from opsconsole.engine.models import Workflow
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7
from opsconsole.reminders import Timer, operations
from opsconsole.reminders.models import ReminderRow
from opsconsole.schedules.models import Schedule
from opsconsole.streams.models import Process, Subscription
from tests.past import a_batch, a_command, an_event, members

Made = dict[str, str]  # path parameters

TENANT = "a"


def _job() -> Made:
    row = a_command("error", type="jobs.send_email", payload={"to": "a@example.com"}, tenant=TENANT)
    return {"identifier": str(row.pk)}


def _batch() -> Made:
    row = a_batch(2, "error", tenant=TENANT, cancelled_count=1, error_count=1, settled_at=clock.now())
    members(row, error=1, cancelled=1)
    return {"identifier": str(row.pk)}


def _workflow() -> Made:
    row = Workflow.objects.create(name="tests.flow", status="error", correlation_id=uuid7(), tenant=TENANT)
    return {"identifier": str(row.pk)}


def _process() -> Made:
    row = Process.objects.create(
        id=uuid7(), type="tests.matter", subject="1", status="open", is_live=True, state={}, tenant=TENANT,
        moved_at=clock.now(),
    )  # fmt: skip
    return {"identifier": str(row.pk), "command": "tests.close_matter"}


def _subscription() -> Made:
    Subscription.objects.create(name="tests.reader", kind="subscription", position=0)
    return {"name": "tests.reader"}


def _schedule() -> Made:
    Schedule.objects.create(
        name="tests.schedule", kind="cron", rule="* * * * *", zone="UTC", missed="newest", seen_until=clock.now()
    )
    return {"name": "tests.schedule"}


def _reminder() -> Made:
    """One that has ended: no time is left, at whatever moment it is looked at."""
    made = operations.define(address="https://8.8.8.8/inbox", timer=Timer.of(hours=1), tenant=TENANT)
    ended = operations.cancel(made.reminder_id)
    columns = ("status", "address", "tenant", "scheduled_at", "occasion", "version")
    row = {name: getattr(ended, name) for name in columns}
    ReminderRow.objects.create(id=ended.reminder_id, defined_at=clock.now(), **row)
    return {"identifier": str(ended.reminder_id)}


MAKERS: dict[str, Callable[[], Made]] = {
    "Health": dict,
    "Jobs": _job,
    "Events": lambda: {"identifier": str(an_event("error", tenant=TENANT).pk)},
    "Commands": lambda: {"identifier": str(a_command("error", tenant=TENANT).pk)},
    "Batches": _batch,
    "Workflows": _workflow,
    "Processes": _process,
    "Subscriptions": _subscription,
    "Schedules": _schedule,
    "Reminders": _reminder,
}


def body_for(operation_id: str, made: Made) -> Any:
    """What a POST needs to say."""
    if operation_id.endswith("_many"):
        return {"ids": [made["identifier"]]}
    return {
        "jobs_create": {"type": "SendEmail", "payload": {"To": "user@example.com"}},
        "events_emit": {"type": "tests.ignored", "data": {}},
        "commands_send": {"type": "tests.act", "payload": {}},
        "schedules_pause": {"reason": "the provider is away"},
        "schedules_skip": {"reason": "nobody needs it"},
        "subscriptions_skip": {"reason": "it is broken", "position": 1},
        "subscriptions_apply_parked": {"stream": "s"},
        "reminders_define": {"seconds": 30, "address": "https://8.8.8.8/inbox"},
        "reminders_reschedule": {"minutes": 5},
        "reminders_snooze": {"minutes": 5},
    }.get(operation_id)
