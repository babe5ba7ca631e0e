"""What operators do to schedules: guarded, and with a true account of what came of it.

Permissions are the caller's business. Each returns a sentence for the operator, or raises Refused with the reason.
"""

import logging
from dataclasses import dataclass
from datetime import UTC
from uuid import UUID

from django.db import transaction

from opsconsole.engine.faults import MESSAGE_LIMIT, storable
from opsconsole.engine.queries.present import database_now
from opsconsole.schedules.declaring import DECLARED, Declaration
from opsconsole.schedules.firing import move_on, start_run
from opsconsole.schedules.models import Run, Schedule
from opsconsole.schedules.rules import Cycle, Slot
from opsconsole.schedules.settling import settle
from opsconsole.schedules.states import FAILED, PENDING

logger = logging.getLogger(__name__)


class Refused(Exception):
    """It could not be done; the message says why."""


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, and the command that it sent, if it did."""

    text: str
    command_id: UUID | None = None


@transaction.atomic
def pause(name: str, *, actor: str, reason: str) -> Done:
    """Let no slot fire until it is resumed. A run under way goes on."""
    row = _locked(name)
    if not reason.strip():
        raise Refused("a pause needs a reason: the next operator will want to know")
    if row.paused_at is not None:
        raise Refused(f"{row.paused_by} has paused it already: {row.pause_reason}")
    row.paused_at, row.paused_by, row.pause_reason = database_now(), actor, storable(reason.strip(), MESSAGE_LIMIT)
    row.save(update_fields=["paused_at", "paused_by", "pause_reason"])
    _log("schedule.pause", name, actor, reason)
    return Done(f"{name} is paused: no slot fires until it is resumed")


@transaction.atomic
def resume(name: str, *, actor: str, reason: str = "") -> Done:
    """Let slots fire again. Those that passed meanwhile were missed, and are treated so."""
    row = _locked(name)
    if row.paused_at is None:
        raise Refused("it is not paused")
    row.paused_at, row.paused_by, row.pause_reason = None, "", ""
    row.save(update_fields=["paused_at", "paused_by", "pause_reason"])
    _log("schedule.resume", name, actor, reason)
    what = {
        "backfill": "every slot that passed meanwhile is run, in order",
        "newest": "of the slots that passed meanwhile the newest is run",
        "skip": "slots that passed meanwhile are left out",
    }
    return Done(f"{name} goes on; {what[row.missed]}")


@transaction.atomic
def run_now(name: str, *, actor: str, reason: str = "") -> Done:
    """Run it once more, outside its plan; a cycle has no more than one run a date, so it only looks at once."""
    row = _locked(name)
    declaration = DECLARED.find(name)
    if declaration is None:
        raise Refused("no code here answers to it")
    settle()
    _refuse_while_running(row)
    _log("schedule.run", name, actor, reason)
    if isinstance(declaration.rule, Cycle):
        return _look_now(row, declaration)
    now = database_now().astimezone(declaration.rule.place)
    slot = Slot(now, now.date(), is_manual=True, key=f"manual {now.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}")
    run_id = start_run(declaration, slot, asked_by=actor)
    if run_id is None:
        raise Refused("it was run at this very moment")
    return _sent(run_id, "outside its plan")


@transaction.atomic
def skip(name: str, *, actor: str, reason: str) -> Done:
    """Give up the failed run that later slots wait for. Its command stays as it is."""
    row = _locked(name)
    if not reason.strip():
        raise Refused("giving a run up needs a reason: the next operator will want to know")
    if row.missed != "backfill":
        raise Refused("no later slot waits for it")
    settle()
    run = latest(row)
    if run is None or run.status not in FAILED:
        raise Refused("its latest run has not failed")
    note = storable(f"Given up by {actor}: {reason.strip()}", MESSAGE_LIMIT)
    if not Run.objects.filter(pk=run.pk, status__in=FAILED).update(status="skipped", note=note):
        raise Refused("the run was healed a moment ago")
    _log("schedule.skip", name, actor, reason)
    return Done(f"The run of {run.slot} is given up; later slots go on")


def latest(schedule: Schedule) -> Run | None:
    """Its latest planned run."""
    return schedule.runs.filter(is_manual=False).order_by("-id").first()


def _look_now(row: Schedule, declaration: Declaration) -> Done:
    if row.paused_at is not None:
        raise Refused("it is paused, and a cycle runs no date twice: resume it instead")
    before = latest(row)
    if before is not None and before.status in FAILED:
        raise Refused(f"{before.slot} has failed, and later dates wait for it: reprocess its command")
    run_id = move_on(row, declaration, database_now())
    if run_id is None:
        had = f"{before.slot} has had its run" if before else "no date has begun"
        raise Refused(f"nothing is due: {had}, and a cycle runs no date twice")
    return _sent(run_id, "for its date")


def _sent(run_id: UUID, how: str) -> Done:
    run = Run.objects.get(pk=run_id)
    return Done(f"{run.schedule_id} was sent on its way {how}", run.command_id)


def _refuse_while_running(row: Schedule) -> None:
    running = row.runs.filter(status=PENDING).first()
    if running is not None:
        raise Refused(f"its run of {running.slot} has not ended, and it has one at a time")


def _locked(name: str) -> Schedule:
    try:
        return Schedule.objects.select_for_update(no_key=True).get(name=name)
    except Schedule.DoesNotExist:
        raise Refused("no dispatcher has seen it yet") from None


def _log(action: str, name: str, actor: str, reason: str) -> None:
    logger.info("%s %s by %s (%s)", action, name, actor, reason, extra={"action": action, "actor": actor})
