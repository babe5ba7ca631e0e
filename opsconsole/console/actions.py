"""What operators may do, each behind its own permission, and to which rows it applies."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest

from opsconsole.console import refusals
from opsconsole.engine import operations
from opsconsole.engine.operations import Tally

Perform = Callable[..., Tally]
NOTHING = "it has nothing that this is for"


@dataclass(frozen=True, slots=True)
class Action:
    """`perform` takes ids, `actor` and `reason`; `refuse` says why a row is not for it, or nothing.

    `done` is the past participle for the message; `asks` wants a confirmation when many rows are meant.
    """

    name: str
    kind: str
    label: str
    permission: str
    explanation: str
    done: str
    perform: Perform
    refuse: Callable[[Any], str]
    asks: bool = False

    def is_permitted(self, request: HttpRequest) -> bool:
        return request.user.has_perm(self.permission)


@dataclass(frozen=True, slots=True)
class Offer:
    """An action as a button: with the reason when it cannot be pressed."""

    action: Action
    obstacle: str = ""


def _each(operation: Callable[..., Tally]) -> Perform:
    """An operation on one row, done to several."""

    def perform(ids: Collection[UUID], *, actor: str, reason: str = "") -> Tally:
        total = Tally()
        for identifier in ids:
            tally = operation(identifier, actor=actor, reason=reason)
            total.changed += tally.changed
            total.made += tally.made
            skipped = tally.skipped if tally.skipped or tally.changed else {NOTHING: 1}
            for why, count in skipped.items():
                total.skip(why, count)
        return total

    return perform


ACTIONS = (
    Action(
        "retry", "command", "Run now", "ops_engine.retry_command", "Does not wait for its time: due at once.",
        "made due at once", operations.retry_commands, refusals.of_retry,
    ),
    Action(
        "reprocess", "command", "Reprocess", "ops_engine.reprocess_command",
        "Sends a new, linked copy; what failed or was cancelled stays in the history.",
        "sent again", operations.reprocess_commands, refusals.of_reprocess,
    ),
    Action(
        "cancel", "command", "Cancel", "ops_engine.cancel_command", "It will never run.",
        "cancelled", operations.cancel_commands, refusals.of_cancel, asks=True,
    ),
    Action(
        "reprocess", "event", "Reprocess", "ops_engine.reprocess_event", "Runs its reactions again.",
        "given to their reactions again", operations.reprocess_events, refusals.of_reprocess_event,
    ),
    Action(
        "reprocess", "batch", "Reprocess failed", "ops_engine.reprocess_batch",
        "Sends every failed member again; when all succeed the batch is healed and what follows is released.",
        "sent again", _each(operations.reprocess_batch), refusals.of_reprocess_batch,
    ),
    Action(
        "reinstate", "batch", "Send cancelled", "ops_engine.reprocess_batch",
        "Sends the members that were cancelled after all.",
        "sent after all", _each(operations.reinstate_batch), refusals.of_reinstate, asks=True,
    ),
    Action(
        "cancel", "batch", "Cancel waiting", "ops_engine.cancel_batch", "Members that have not begun will never run.",
        "cancelled", _each(operations.cancel_batch), refusals.of_cancel_batch, asks=True,
    ),
    Action(
        "resume", "workflow", "Resume", "ops_engine.resume_workflow",
        "Sends what failed or was cancelled in its steps again; the steps behind follow.",
        "sent again", _each(operations.resume_workflow), refusals.of_resume,
    ),
)  # fmt: skip


def find(kind: str, name: str) -> Action | None:
    return next((action for action in ACTIONS if (action.kind, action.name) == (kind, name)), None)


def offered(request: HttpRequest, kind: str, row: Any = None) -> Sequence[Offer]:
    """The actions on a kind, or on one row of it, with what stands in their way."""
    return [Offer(action, _obstacle(request, action, row)) for action in ACTIONS if action.kind == kind]


def _obstacle(request: HttpRequest, action: Action, row: Any) -> str:
    if not action.is_permitted(request):
        return f"Needs the permission {action.permission}."
    return action.refuse(row) if row is not None else ""
