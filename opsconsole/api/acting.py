"""The console's actions, done for a caller: under the same refusals and in the same log."""

from typing import Any
from uuid import UUID

from opsconsole.api.problems import Problem
from opsconsole.api.requests import ApiRequest
from opsconsole.console import actions, audit
from opsconsole.console.actions import Action
from opsconsole.engine.operations import Tally


def perform(request: ApiRequest, kind: str, name: str, row: Any, *, reason: str = "") -> Tally:
    """One action on one row; raises Problem: 409 with the reason why nothing was done."""
    action = actions.find(kind, name)
    assert action is not None, f"{kind} has no action {name}"  # noqa: S101 - named in code only
    tally = performed(request, action, [row.pk], reason=reason)
    if not tally.changed:
        raise Problem(409, f"Nothing was done: {'; '.join(tally.skipped)}.", type="not-applicable")
    return tally


def performed(request: ApiRequest, action: Action, ids: list[UUID], *, reason: str = "") -> Tally:
    """Do it and log it. The admin's log names users; without one (from this machine, in a demonstration) what is done
    is in the engine's log, and in what it leaves behind."""
    caller = request.caller
    if caller.user is None:
        return action.perform(ids, actor=caller.actor, reason=reason)
    return audit.performed(request, action, ids, reason=reason, actor=caller.actor, via=caller.via)
