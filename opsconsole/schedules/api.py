"""Schedules for programs: how each stands, what ran, what comes next, and what is done to it.

They act for no tenant: a token of one tenant sees none.
"""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from django.db import transaction
from ninja import Path
from pydantic import Field

from opsconsole.api import Mount, Problem, Router, needs, problems_of
from opsconsole.api.bodies import Body, Reason, Shown
from opsconsole.api.paging import Page
from opsconsole.api.requests import ApiRequest
from opsconsole.console import audit
from opsconsole.engine.queries.present import database_now
from opsconsole.schedules import queries, standing
from opsconsole.schedules.models import Schedule
from opsconsole.schedules.offers import ACTS, Act
from opsconsole.schedules.operations import Refused
from opsconsole.schedules.queries import Overview

router = Router()

Name = Annotated[str, Path(..., max_length=200)]


class ScheduleBrief(Shown):
    """`standing` is how it stands, in a word: on time, running, late, failing, paused …"""

    name: str = Field(examples=["lending.daily_cycle"])
    standing: str = Field(examples=["on time"])
    kind: str = Field(examples=["cron"])
    rule: str = Field(examples=["0 * * * *"])
    zone: str = Field(examples=["America/Sao_Paulo"])
    missed: str
    next_at: datetime | None
    waiting: int = Field(description="Slots that have passed and were not dealt with.")


class ScheduleRun(Shown):
    id: UUID
    slot: str
    at: datetime
    on: date
    status: str
    is_manual: bool
    command_id: UUID
    error: str


class ScheduleShown(ScheduleBrief):
    paused_by: str
    pause_reason: str
    runs: list[ScheduleRun] = Field(description="The newest first, at most 25.")
    coming: list[datetime]


class ScheduleOrder(Body):
    """Why; kept with what is done."""

    reason: Annotated[str, Field(max_length=500)] = ""


class ReasonedOrder(ScheduleOrder):
    """Why, which the next operator will want to know."""

    reason: Reason


class ScheduleTold(Shown):
    """What was done, in a sentence, and the command that it sent, if it did."""

    done: str
    command_id: UUID | None


@router.get("", response=Page[ScheduleBrief])
@needs("ops_schedules.view_schedule")
def list_(request: ApiRequest) -> Any:
    """All schedules by name, in one page."""
    now = database_now()
    known = [] if request.caller.tenant else queries.all_schedules()
    return Page[ScheduleBrief](items=[ScheduleBrief(**_brief(one, now)) for one in known], next=None)


@router.get("/{name}", response={200: ScheduleShown, **problems_of(404)})
@needs("ops_schedules.view_schedule")
def show(request: ApiRequest, name: Name) -> Any:
    """One schedule with its latest runs and the slots to come."""
    overview, now = _found(request, name), database_now()
    row = overview.row
    runs = [
        ScheduleRun(
            id=one.run.pk, slot=one.run.slot, at=one.run.at, on=one.run.on, status=one.status,
            is_manual=one.run.is_manual, command_id=one.command_id, error=one.error,
        )
        for one in queries.runs_before(name, None)[: queries.RUNS]
    ]  # fmt: skip
    return ScheduleShown(
        **_brief(overview, now), paused_by=row.paused_by if row else "", pause_reason=row.pause_reason if row else "",
        runs=runs, coming=[slot.at for slot in overview.coming(now)],
    )  # fmt: skip


def _offer(act: Act, order_type: type[ScheduleOrder]) -> None:
    def do(request: ApiRequest, name: Name, order: ScheduleOrder | None = None) -> Any:
        _found(request, name)
        reason = order.reason.strip() if order else ""
        try:
            with transaction.atomic():
                done = act.perform(name, actor=request.caller.actor, reason=reason)
                more = (f"; reason: {reason}" if reason else "") + f"; via {request.caller.via}"
                audit.noted(request, Schedule(name=name), f"{act.label}: {done.text}{more}")
        except Refused as refusal:
            raise Problem(409, f"Nothing was done: {refusal}.", type="not-applicable") from None
        return ScheduleTold(done=f"{done.text}.", command_id=done.command_id)

    if order_type is not ScheduleOrder:  # what it must be told is required then
        do.__annotations__["order"] = order_type
        do.__defaults__ = None
    do.__name__, do.__doc__ = act.name, act.explanation
    responses = {200: ScheduleTold, **problems_of(404, 409)}
    router.post(f"/{{name}}/{act.name}", response=responses, summary=act.label)(needs(act.permission)(do))


ORDERS: dict[str, type[ScheduleOrder]] = {"pause": ReasonedOrder, "skip": ReasonedOrder}

for _act in ACTS.values():
    _offer(_act, ORDERS.get(_act.name, ScheduleOrder))


def _found(request: ApiRequest, name: str) -> Overview:
    overview = None if request.caller.tenant else queries.one_schedule(name)
    if overview is None:
        raise Problem(404, f"There is no schedule {name}.")
    return overview


def _brief(overview: Overview, now: datetime) -> dict[str, Any]:
    row, declaration = overview.row, overview.declaration
    coming = overview.coming(now, 1)
    return {
        "name": overview.name,
        "standing": standing.standing(overview, now).word,
        "kind": declaration.rule.kind if declaration else row.kind if row else "",
        "rule": declaration.rule.written if declaration else row.rule if row else "",
        "zone": declaration.rule.zone if declaration else row.zone if row else "",
        "missed": declaration.missed if declaration else row.missed if row else "",
        "next_at": coming[0].at if coming else None,
        "waiting": len(overview.waiting(now)),
    }


MOUNTS = [Mount("/api/v1/schedules", router, "Schedules")]
