"""Rows for declarations: made when a dispatcher first sees one, kept up with what it says."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from opsconsole.engine.queries.present import database_now
from opsconsole.schedules.declaring import DECLARED, Declaration
from opsconsole.schedules.models import Schedule
from opsconsole.schedules.rules import Rule


def enrol(declarations: Iterable[Declaration] | None = None) -> None:
    """See to it that each declaration has its row, and that the row says what the declaration says."""
    wanted = {one.name: one for one in declarations} if declarations is not None else dict(DECLARED)
    said = {row.name: _said(row) for row in Schedule.objects.filter(name__in=wanted)}
    for name, declaration in wanted.items():
        if name not in said:
            _begin(declaration)
        elif said[name] != _says(declaration):
            _change(declaration)


def next_look(declaration: Declaration, seen_until: datetime, now: datetime) -> datetime | None:
    """When the first slot after `seen_until` is due; at once for a cycle, which looks and then waits its time."""
    if declaration.rule.kind == "cycle":
        return now
    following = next(declaration.rule.after(seen_until), None)
    return following.at if following else None


def _begin(declaration: Declaration) -> None:
    """A new schedule has no slots from before it existed."""
    now = database_now()
    seen_until = declaration.rule.beginning(now)
    row = Schedule(
        name=declaration.name,
        created_at=now,
        seen_until=seen_until,
        next_at=next_look(declaration, seen_until, now),
        **_says(declaration),
    )
    Schedule.objects.bulk_create([row], ignore_conflicts=True)  # another dispatcher may have been quicker


def _change(declaration: Declaration) -> None:
    """A changed rule holds from now on: it makes up for nothing under the old one. Cycles keep to their dates."""
    with transaction.atomic():
        row = Schedule.objects.select_for_update(no_key=True).get(name=declaration.name)
        now = database_now()
        if not _keeps_its_slots(row, declaration.rule):
            row.seen_until = max(row.seen_until, declaration.rule.beginning(now))
        for column, value in _says(declaration).items():
            setattr(row, column, value)
        row.next_at = next_look(declaration, row.seen_until, now)
        row.save()


def _keeps_its_slots(row: Schedule, rule: Rule) -> bool:
    if rule.kind == "cycle":
        return row.kind == "cycle"
    return (row.kind, row.rule, row.zone) == (rule.kind, rule.written, rule.zone)  # what is missed may have changed


def _says(declaration: Declaration) -> dict[str, str]:
    rule = declaration.rule
    return {"kind": rule.kind, "rule": rule.written, "zone": rule.zone, "missed": declaration.missed}


def _said(row: Schedule) -> dict[str, str]:
    return {"kind": row.kind, "rule": row.rule, "zone": row.zone, "missed": row.missed}
