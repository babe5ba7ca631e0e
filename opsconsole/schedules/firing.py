"""Slots whose time has come: each gets its run, and a command that carries it out.

One short transaction a schedule. Whoever has locked its row decides; the others pass it by. That a slot has one run
and a schedule one run at a time is kept by constraints.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from opsconsole.engine.faults import is_connection_lost
from opsconsole.engine.outbox import Outbox
from opsconsole.engine.queries.present import database_now
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7
from opsconsole.kernel.tracing import Cause
from opsconsole.schedules.declaring import DECLARED, Declaration
from opsconsole.schedules.enrolling import enrol, next_look
from opsconsole.schedules.models import Schedule
from opsconsole.schedules.rules import Cycle, Slot
from opsconsole.schedules.settling import settle
from opsconsole.schedules.sql import statement

logger = logging.getLogger(__name__)

GRACE = timedelta(minutes=1)  # so late may a slot begin that is skipped when missed
AHEAD = timedelta(minutes=1)  # a schedule that has seen more of the future was there before the clock was set back
AT_ONCE = 200  # schedules fired in one look, so that a dispatcher's other duties are not kept waiting
STRIDE = 100  # slots that have their run already, passed over in one transaction


def look() -> int:
    """What a dispatcher does twice a second: rows for new declarations, then what `advance` does."""
    _undisturbed(enrol)
    return advance()


def advance() -> int:
    """Record how runs ended and fire what is due; returns how much was done."""
    ended = settle()
    overdue = due(name for name, _ in DECLARED)[:AT_ONCE]
    return ended + sum(_undisturbed(fire, name) for name in overdue)


def due(names: Iterable[str]) -> list[str]:
    """Those of the schedules that may fire now, the longest overdue first."""
    with connection.cursor() as cursor:
        cursor.execute(statement("due_schedules"), {"names": list(names), "now": clock.frozen()})
        return [name for (name,) in cursor.fetchall()]


def fire(name: str) -> UUID | None:
    """Give the next slot of a schedule its run, if it is due and nobody else is at it; returns the run's id."""
    with transaction.atomic():
        row = Schedule.objects.select_for_update(skip_locked=True, no_key=True).filter(name=name).first()
        if row is None or not due([name]):  # asked again, now that nobody else can change the answer
            return None
        return move_on(row, DECLARED.get(name), database_now())


def move_on(row: Schedule, declaration: Declaration, now: datetime) -> UUID | None:
    """Deal with slots that are due, up to the first that gets a run. The caller has locked the row."""
    run_id = None
    if row.seen_until > now + AHEAD:
        row.seen_until = now
    for _ in range(STRIDE):
        slot, missed = _choose(declaration, row.seen_until, now)
        if slot is None:
            break
        row.seen_until = slot.at
        row.left_out += missed
        if declaration.missed == "skip" and now - slot.at > GRACE:
            row.left_out += 1
        elif run_id := start_run(declaration, slot, left_out=row.left_out):
            row.left_out = 0
            break
    if not isinstance(declaration.rule, Cycle):
        row.next_at = next_look(declaration, row.seen_until, now)
    elif run_id is None:
        row.looked_at, row.next_at = now, now + declaration.rule.every
    row.save(update_fields=["seen_until", "left_out", "next_at", "looked_at"])
    return run_id


def start_run(declaration: Declaration, slot: Slot, *, left_out: int = 0, asked_by: str = "") -> UUID | None:
    """Store a run and send its command, in the caller's transaction; None when the slot has had its run."""
    run_id = uuid7()
    metadata = {"schedule": declaration.name, "slot": slot.key, **({"actor": asked_by} if asked_by else {})}
    outbox = Outbox(Cause("schedule", run_id, metadata=metadata))
    message = declaration.message(run=run_id, at=slot.at, on=slot.date, is_manual=slot.is_manual)
    command = outbox.plan_command(message)
    run: dict[str, Any] = {
        "id": run_id, "schedule": declaration.name, "slot": slot.key, "at": slot.at, "on": slot.date,
        "is_manual": slot.is_manual, "asked_by": asked_by, "left_out": left_out, "command_id": command.id,
        "now": clock.frozen(),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(statement("insert_run"), run)
        if cursor.fetchone() is None:
            return None
    outbox.write()
    logger.info("schedule %s fires %s", declaration.name, slot.key, extra={"action": "schedule.fired"})
    return run_id


def _choose(declaration: Declaration, seen_until: datetime, now: datetime) -> tuple[Slot | None, int]:
    """The slot to run next, and how many are left out before it."""
    if declaration.missed == "backfill":
        return next(declaration.rule.up_to(seen_until, now), None), 0
    return declaration.rule.newest(seen_until, now)


def _undisturbed(act: Callable[..., object], *what: str) -> bool:
    """Whether it did something; what goes wrong with one schedule is logged and holds no other up."""
    try:
        return act(*what) is not None
    except Exception as error:
        if is_connection_lost(error):
            raise
        logger.exception("%s%r failed", act.__name__, what, extra={"action": "schedule.failed"})
        return False
