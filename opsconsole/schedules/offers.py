"""What operators may do to a schedule, each behind its own permission, and why it cannot be done just now."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.http import HttpRequest

from opsconsole.schedules import operations
from opsconsole.schedules.operations import Done
from opsconsole.schedules.queries import Overview
from opsconsole.schedules.rules import Cycle
from opsconsole.schedules.states import FAILED, PENDING


@dataclass(frozen=True, slots=True)
class Act:
    """`refuse` says why it does not apply, or nothing; `perform` takes the name, `actor` and `reason`."""

    name: str
    label: str
    icon: str
    permission: str
    explanation: str
    perform: Callable[..., Done]
    refuse: Callable[[Overview], str]


@dataclass(frozen=True, slots=True)
class Offer:
    """An act as a button: with the reason when it cannot be pressed."""

    act: Act
    obstacle: str = ""


def offers(request: HttpRequest, overview: Overview) -> Iterator[Offer]:
    """The acts that make sense now: one of pause and resume, giving up only what has failed."""
    is_paused = overview.row is not None and overview.row.paused_at is not None
    hidden = {"pause" if is_paused else "resume"} | ({"skip"} if _not_to_skip(overview) else set())
    for act in ACTS.values():
        if act.name not in hidden:
            is_permitted = request.user.has_perm(act.permission)
            yield Offer(act, act.refuse(overview) if is_permitted else f"Needs the permission {act.permission}.")


def _not_begun(overview: Overview) -> str:
    return "" if overview.row else "No dispatcher has seen it yet."


def _not_to_skip(overview: Overview) -> str:
    latest = overview.latest
    if overview.row is None or overview.row.missed != "backfill":
        return "No later slot waits for a failed run."
    return "" if latest and latest.status in FAILED else "Its latest run has not failed."


def _not_to_run(overview: Overview) -> str:
    if overview.declaration is None:
        return "No code here answers to it."
    if running := next((shown for shown in overview.runs if shown.run.status == PENDING), None):
        return f"Its run of {running.run.slot} has not ended, and it has one at a time."
    is_paused = overview.row is not None and overview.row.paused_at is not None
    if isinstance(overview.declaration.rule, Cycle) and is_paused:
        return "It is paused, and a cycle runs no date twice: resume it instead."
    return _not_begun(overview)


ACTS = {
    act.name: act
    for act in (
        Act(
            "pause", "Pause", "pause", "ops_schedules.pause_schedule",
            "No slot fires until it is resumed.", operations.pause, _not_begun,
        ),
        Act(
            "resume", "Resume", "resume", "ops_schedules.resume_schedule",
            "Slots fire again; those missed meanwhile are treated as declared.", operations.resume, _not_begun,
        ),
        Act(
            "run", "Run now", "retry", "ops_schedules.run_schedule",
            "Once more, outside its plan. A cycle only looks at once whether a date is due.", operations.run_now,
            _not_to_run,
        ),
        Act(
            "skip", "Give it up", "skip", "ops_schedules.skip_run",
            "Later slots no longer wait for the failed run. Its command stays as it is.", operations.skip,
            _not_to_skip,
        ),
    )
}  # fmt: skip
