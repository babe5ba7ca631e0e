"""How a schedule stands, in a word and in sentences for the operator."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.html import format_html

from opsconsole.console.dashboard.verdict import Finding
from opsconsole.console.kinds import KINDS
from opsconsole.console.templatetags.ops_console import ago
from opsconsole.console.waiting import Note
from opsconsole.console.words import counted, took
from opsconsole.schedules.queries import Overview, pauses_of
from opsconsole.schedules.rules import COUNTED
from opsconsole.schedules.states import FAILED, PENDING

PATIENCE = timedelta(minutes=1)  # nobody fires what has been due for longer
MISSED = {
    "backfill": "Every slot is run, in order, each once the one before has succeeded.",
    "newest": "Of slots that were missed, only the newest is run.",
    "skip": "A slot is run within a minute of its time or not at all.",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """`tone` is the word for a state whose colours it has."""

    word: str
    tone: str
    icon: str


def standing(overview: Overview, now: datetime) -> Standing:
    row, latest = overview.row, overview.latest
    if overview.declaration is None:
        return Standing("no code", "awaiting", "warning")
    if row is None:
        return Standing("not begun", "awaiting", "awaiting")
    if row.paused_at is not None:
        return Standing("paused", "awaiting", "pause")
    if latest is not None and latest.status in FAILED:
        return Standing("failing", "error", "error")
    if any(shown.run.status == PENDING for shown in overview.runs):
        return Standing("running", "processing", "processing")
    if is_late(overview, now):
        return Standing("late", "pending", "warning")
    return Standing("on time", "success", "success")


def policy_of(overview: Overview) -> str:
    """What becomes of missed slots, in words."""
    known = overview.declaration or overview.row
    return MISSED[known.missed] if known else ""


def is_late(overview: Overview, now: datetime) -> bool:
    """Whether nobody fires what is due."""
    row = overview.row
    return row is not None and row.next_at is not None and row.next_at < now - PATIENCE and row.paused_at is None


def finding_on(overview: Overview, now: datetime, address: str) -> Finding | None:
    """What the overview is to say of it, if anything is out of the ordinary."""
    row, name = overview.row, overview.name
    if row is None:
        return None
    match standing(overview, now).word:
        case "failing" if row.missed == "backfill":
            waiting = counted(len(overview.waiting(now)), "slot")
            cause = f"Its later slots go in order and wait for it, {waiting} so far."
            advice = "Mend the cause and reprocess its command, or give the run up."
            return Finding("error", f"Schedule {name} has failed", cause, advice, address, "the schedule")
        case "failing":
            cause = "The next slot comes in its time."
            return Finding("warning", f"Schedule {name} has failed", cause, "Read its error.", address, "the schedule")
        case "late":
            cause = "It is due, and no dispatcher fires it."
            return Finding("error", f"Schedule {name} is late", cause, "Look at the dispatcher's log.", address, "it")
        case "paused":
            cause = f"By {row.paused_by or 'an operator'}: {row.pause_reason}"
            advice = "Its slots do not fire until it is resumed."
            return Finding("info", f"Schedule {name} is paused", cause, advice, address, "the schedule")
    return None


def notes_on(overview: Overview, now: datetime) -> Iterator[Note]:
    """What keeps it from running, and what is to be done."""
    row, declaration, latest = overview.row, overview.declaration, overview.latest
    if declaration is None:
        yield Note(
            "No code here answers to it: its declaration was removed, renamed, or is not deployed here. Nothing fires;"
            " its history stays. Should the declaration come back, it goes on from where it was.",
            "warning",
        )
        return
    if row is None:
        yield Note("No dispatcher has seen it yet. It begins as soon as one runs this version of the code.")
        return
    if row.paused_at is not None:
        text = "Paused by {} {}: {} When resumed: {}"
        reason = row.pause_reason if row.pause_reason.endswith((".", "!", "?")) else f"{row.pause_reason}."
        who = row.paused_by or "an operator"
        yield Note(format_html(text, who, ago(row.paused_at), reason, MISSED[row.missed]), "warning")
    waiting = overview.waiting(now)
    if latest is not None and latest.status in FAILED:
        yield _failed(overview, len(waiting))
    elif is_late(overview, now) and not any(shown.run.status == PENDING for shown in overview.runs):
        late = took(now - row.next_at) if row.next_at else ""
        yield Note(f"Due for {late}, and nobody fires it. Is a dispatcher running?", "error")
    for pause in pauses_of(declaration):
        why = f": {pause.reason}" if pause.reason else ""
        yield Note(f"Its commands wait: {pause.scope} {pause.key} is paused{why}.", "warning")
    if row.next_at is None:
        yield Note("Its rule names no moment in the next fifty years.", "warning")


def _failed(overview: Overview, waiting: int) -> Note:
    latest = overview.latest
    assert latest is not None and overview.row is not None  # noqa: S101, PT018
    url = KINDS["command"].url(latest.command_id)
    if overview.row.missed != "backfill":
        return Note(
            format_html('Its latest run <a href="{}">failed</a>. The next one comes in its time.', url), "error"
        )
    more = f"{COUNTED:,} or more slots wait" if waiting >= COUNTED else f"{counted(waiting, 'slot')} waiting so far"
    return Note(
        format_html(
            'The run of {} <a href="{}">failed</a>, and later ones wait for it, for they go in order: {}. Reprocess'
            " its command; or give it up, and they go on without it.",
            latest.run.slot,
            url,
            more,
        ),
        "error",
    )
