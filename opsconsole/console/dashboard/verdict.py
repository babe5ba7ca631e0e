"""Is anything wrong? Each finding says what, why, and what to do, with a link to where it can be seen."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from opsconsole.console.dashboard.addresses import list_of
from opsconsole.console.dashboard.state import State
from opsconsole.console.words import counted, took
from opsconsole.engine.queries.capacity import EVENTS
from opsconsole.engine.queries.rollups import WINDOWS, window_start

PATIENCE = timedelta(seconds=60)  # due work waiting longer than this is worth a word
NO_WORKER_PATIENCE = timedelta(seconds=5)
ROLL_UP_PATIENCE = timedelta(minutes=10)
NAMED = 3  # queues named in one sentence
RANK = {"error": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class Finding:
    """`level` is "error" (act now), "warning" (look at it) or "info" (somebody wanted it so)."""

    level: str
    title: str
    cause: str
    advice: str
    address: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer in a line, and the findings behind it, the gravest first."""

    level: str
    headline: str
    findings: tuple[Finding, ...]


def verdict(state: State, more: Iterable[Finding] = ()) -> Verdict:
    """What the state of the engine says, and what apps have to say `more`."""
    found = sorted(
        [*_dispatcher(state), *_workers(state), *_waiting(state), *_lost(state), *_failures(state), *_ends(state),
         *_counting(state), *_pauses(state), *more],
        key=lambda finding: RANK[finding.level],
    )  # fmt: skip
    grave = [finding for finding in found if finding.level != "info"]
    if not grave:
        return Verdict("success", _all_well(state), tuple(found))
    headline = grave[0].title
    if len(grave) > 1:
        headline += f", and {counted(len(grave) - 1, 'more thing needs', 'more things need')} attention"
    return Verdict(grave[0].level, headline, tuple(found))


def _all_well(state: State) -> str:
    workers = counted(len(state.workers), "worker")
    oldest = max((backlog.age for backlog in state.due if backlog.age), default=None)
    waiting = f"nothing waits longer than {took(oldest)}" if oldest else "nothing waits"
    return f"All well: nothing failed in the last hour, {waiting}, {workers} alive"


def _dispatcher(state: State) -> Iterator[Finding]:
    if not state.dispatchers:
        yield Finding(
            "error",
            "No dispatcher is running",
            "Nobody wakes workers, fires what becomes due, or takes back what a lost worker held.",
            "Start one with manage.py dispatcher; run two, so that one can stand by.",
        )
    elif not any(dispatcher.is_active for dispatcher in state.dispatchers):
        yield Finding(
            "warning",
            "No dispatcher leads",
            f"{counted(len(state.dispatchers), 'dispatcher is', 'dispatchers are')} alive, but none holds the lead.",
            "One takes it within seconds; if this stays, look at their logs.",
        )


def _workers(state: State) -> Iterator[Finding]:
    if state.workers:
        return
    waiting = [backlog for backlog in state.due if backlog.age and backlog.age > NO_WORKER_PATIENCE]
    if waiting:
        oldest = max(backlog.age for backlog in waiting if backlog.age)
        title = f"Work has waited {took(oldest)} and no worker is alive"
    else:
        title = "No worker is alive"
    yield Finding(
        "error" if waiting else "warning",
        title,
        "No worker process has been seen within the last seconds.",
        "Start one with manage.py worker, and see in its log why the last one ended.",
        list_of("command", status="pending") if waiting else "",
        "what waits",
    )


def _waiting(state: State) -> Iterator[Finding]:
    """Queues that fall behind although somebody works; held-back queues have their own finding."""
    late = [one for one in state.due if one.age and one.age > PATIENCE and not one.is_paused]
    if not state.workers or not late:
        return
    named = [f"{one.queue} for {took(one.age)}" for one in late[:NAMED]]
    more = f", and {len(late) - NAMED} more" if len(late) > NAMED else ""
    busy = {worker.queue for worker in state.workers}
    unattended = [one.queue for one in late if one.queue not in busy]
    if unattended:
        cause = f"No worker is busy with {_listed(unattended)}."
        advice = "Check that a worker serves it (manage.py worker --queues), or add workers."
    else:
        cause, advice = "Workers are busy with it, and more comes in than they get done.", "Add workers."
    yield Finding(
        "warning",
        f"Work waits: {', '.join(named)}{more}",
        cause,
        advice,
        list_of("event", status="pending") if late[0].queue == EVENTS else list_of("command", status="pending"),
        "what waits",
    )


def _listed(names: list[str]) -> str:
    shown = names[:NAMED]
    return ", ".join(shown) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def _lost(state: State) -> Iterator[Finding]:
    if state.overdue:
        yield Finding(
            "warning",
            f"{counted(state.overdue.count, 'claim')} of lost workers not taken back",
            f"The oldest ran out {took(state.overdue.age)} ago; the dispatcher should have swept it within seconds.",
            "Look at the dispatcher's log.",
            list_of("command", status="processing"),
            "what is being processed",
        )


def _failures(state: State) -> Iterator[Finding]:
    since = window_start(state.now, WINDOWS[0])
    for kind in ("command", "event"):
        failed = [row for row in state.failures if row.kind == kind and row.counts[0]]
        if not failed:
            continue
        total = sum(row.counts[0] for row in failed)
        most = failed[0]
        among = f"{most.type}" if len(failed) == 1 else f"mostly {most.type} ({most.counts[0]:,} of {total:,})"
        yield Finding(
            "error",
            f"{counted(total, kind)} failed in the last hour",
            f"{among[:1].upper()}{among[1:]}.",
            "Read one failure, mend its cause, then reprocess the failed ones.",
            list_of(kind, status="error", ended=(since, None)),
            "the failures",
        )


def _ends(state: State) -> Iterator[Finding]:
    for kind, many in (("batch", "batches"), ("workflow", "workflows")):
        failed = state.failed_lately.get(kind)
        if failed and failed.number:
            yield Finding(
                "warning",
                f"{failed} {kind if failed.number == 1 else many} of the last 24 hours failed",
                "What was to follow their success waits until their failures are made good.",
                "Reprocess the failed members; a success of all heals the rest."
                if kind == "batch"
                else "Resume them once the cause is mended.",
                list_of(kind, status="error", range="24h"),
                f"the {many}",
            )


def _counting(state: State) -> Iterator[Finding]:
    """Finished work that the dispatcher should long have rolled up."""
    uncounted = [slot.bucket for history in state.histories.values() for slot in history.fresh]
    behind = state.now - min(uncounted, default=state.now)
    if behind > ROLL_UP_PATIENCE and state.dispatchers:
        is_cut = any(history.is_cut for history in state.histories.values())
        yield Finding(
            "warning",
            f"Counts are {took(behind)} behind",
            "The dispatcher has not rolled up finished work; what ended since is counted row by row"
            + (", and not all of it." if is_cut else "."),
            "Look at the dispatcher's log.",
        )


def _pauses(state: State) -> Iterator[Finding]:
    for pause in state.pauses:
        who = f" by {pause.paused_by}" if pause.paused_by else ""
        until = f", until {pause.until:%Y-%m-%d %H:%M} UTC" if pause.until else ""
        yield Finding(
            "info",
            f"{pause.scope.capitalize()} {pause.key} is paused{who}",
            (pause.reason or "No reason was given") + until + ".",
            "Its commands wait until the pause is lifted.",
            list_of(
                "command",
                status="pending",
                queue=pause.key if pause.scope == "queue" else "",
                type=pause.key if pause.scope == "type" else "",
                tenant=pause.key if pause.scope == "tenant" else "",
            ),
            "what waits",
        )
