"""Endpoints for the console's actions on a kind: on one row, and on many at once."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from opsconsole.api import acting
from opsconsole.api.bodies import Order, Shown
from opsconsole.api.mounting import Router
from opsconsole.api.needing import needs
from opsconsole.api.problems import problems_of
from opsconsole.api.requests import ApiRequest
from opsconsole.console.actions import ACTIONS, Action
from opsconsole.console.kinds import KINDS
from opsconsole.console.views.acting import MOST
from opsconsole.engine.operations import Tally


class BulkOrder(Order):
    ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST, fail_fast=True)]


class Done(Shown):
    """What came of it: rows changed, rows skipped by reason, and the commands that were made."""

    changed: int
    skipped: dict[str, int]
    made: list[UUID]


def offer(router: Router, kind: str, find: Callable[[ApiRequest, UUID], Any]) -> None:
    """Add the actions on a kind; `find` answers a row that the caller sees, or raises Problem: 404."""
    mine = [action for action in ACTIONS if action.kind == kind]
    for action in mine:  # these first, for their addresses look like those of rows
        _on_many(router, action)
    for action in mine:
        _on_one(router, action, find)


def told(tally: Tally) -> Done:
    return Done(changed=tally.changed, skipped=tally.skipped, made=tally.made)


def _on_one(router: Router, action: Action, find: Callable[[ApiRequest, UUID], Any]) -> None:
    def act(request: ApiRequest, identifier: UUID, order: Order | None = None) -> Any:
        row = find(request, identifier)
        return told(acting.perform(request, action.kind, action.name, row, reason=order.reason if order else ""))

    act.__name__, act.__doc__ = action.name, action.explanation
    responses = {200: Done, **problems_of(404, 409)}
    router.post(f"/{{identifier}}/{action.name}", response=responses, summary=action.label)(
        needs(action.permission)(act)
    )


def _on_many(router: Router, action: Action) -> None:
    def act(request: ApiRequest, order: BulkOrder) -> Any:
        wanted = set(order.ids)
        seen = KINDS[action.kind].model._default_manager.filter(pk__in=wanted)
        if request.caller.tenant:
            seen = seen.filter(tenant=request.caller.tenant)
        ids = sorted(seen.values_list("pk", flat=True))
        tally = acting.performed(request, action, ids, reason=order.reason) if ids else Tally()
        tally.skip("it does not exist", len(wanted) - len(ids))
        return told(tally)

    act.__name__ = f"{action.name}_many"
    act.__doc__ = f"{action.explanation} What it does not apply to is skipped, and why is told."
    router.post(f"/{action.name}", response=Done, summary=f"{action.label}: many")(needs(action.permission)(act))
