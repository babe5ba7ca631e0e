"""What keeps a command, event or batch from going on, and what can be done about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString

from opsconsole.console.kinds import KINDS
from opsconsole.console.refusals import misfit
from opsconsole.console.templatetags.ops_console import ago
from opsconsole.console.words import absolute, took
from opsconsole.engine.configuration import configuration
from opsconsole.engine.messages import COMMANDS
from opsconsole.engine.models import Claim, Command, Event, Step
from opsconsole.engine.queries import details
from opsconsole.engine.queries.present import database_now
from opsconsole.engine.states import AWAITING, CANCELLED, ERROR, PENDING, PROCESSING

Text = SafeString | str


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence for the operator. `tone` is info, warning or error."""

    text: Text
    tone: str = "info"


def notes_on(command: Command, claim: Claim | None, step: Step | None) -> list[Note]:
    """Why this command waits, runs or stays failed."""
    now = database_now()
    notes = list(_on_state(command, claim, step, now))
    if command.status != "success" and (why := misfit(command)):
        notes.append(Note(f"It cannot run or be reprocessed as things stand. {why}", "warning"))
    return notes


def notes_on_event(event: Event, claim: Claim | None) -> list[Note]:
    """Why the reactions to this event wait or failed."""
    now = database_now()
    if event.status == PENDING:
        return [Note("Its reactions run as soon as a worker is free."), *_workers()]
    if event.status == PROCESSING and claim:
        return [_running(claim, now)]
    if event.status == ERROR:
        why = "A reaction failed, so nothing was enqueued. Once the reason is gone, reprocess the event."
        return [Note(why, "error")]
    return []


def policy_of(command: Command) -> str:
    """The retry policy of its type, in words."""
    message = COMMANDS.find(command.type)
    if message is None:
        return f"unknown here; {command.max_attempts} tries were allowed"
    return message.__contract__.retry.describe()


def _on_state(command: Command, claim: Claim | None, step: Step | None, now: datetime) -> Iterator[Note]:
    if command.status == AWAITING:
        yield _awaiting(command, step)
    elif command.status == PENDING:
        yield from _pending(command, now)
    elif command.status == PROCESSING and claim:
        yield _running(claim, now)
    elif command.status == PROCESSING:
        yield Note("Its claim is gone; the next sweep gives it to another worker.", "warning")
    elif command.status == ERROR:
        yield _failed(command)
    elif command.status == CANCELLED and command.cause_kind != "reprocess":
        yield _healed(command) or Note("It will not run. Reprocess it to have it run after all.")


def _awaiting(command: Command, step: Step | None) -> Note:
    if step is not None:
        url = KINDS["workflow"].url(step.workflow_id)
        after = ", ".join(step.after) or "the start"
        return Note(format_html('Waits in <a href="{}">workflow {}</a> for: {}.', url, step.workflow.name, after))
    if command.release_on and command.cause_id:
        ends = {"success": "all its members have succeeded", "failure": "it has failed", "completion": "it has ended"}
        url = KINDS["batch"].url(command.cause_id)
        return Note(format_html('Waits for <a href="{}">its batch</a>; let go when {}.', url, ends[command.release_on]))
    return Note("Waits to be let go.")


def _pending(command: Command, now: datetime) -> Iterator[Note]:
    pauses = details.pauses_of(command)
    for pause in pauses:
        until = f" until {absolute(pause.until)}" if pause.until else " until somebody lifts it"
        why = f": {pause.reason}" if pause.reason else ""
        who = pause.paused_by or "an operator"
        yield Note(f"Held back: {pause.scope} {pause.key} is paused by {who}{until}{why}.", "warning")
    if command.not_before > now:
        number, most = command.attempts + 1, command.max_attempts
        what = f"Try {number} of {most} is due" if command.attempts else "Due"
        yield Note(format_html("{} {}. “Run now” does not wait for it.", what, ago(command.not_before)))
        return
    if pauses:
        return
    yield Note(f"Due for {took(now - command.not_before)}; the next free worker of queue “{command.queue}” takes it.")
    yield from _workers()


def _running(claim: Claim, now: datetime) -> Note:
    if claim.lease_until < now:
        late = took(now - claim.lease_until)
        return Note(
            f"Lost: worker {claim.worker} stopped reporting and its lease ran out {late} ago. The next sweep charges"
            " a try to what was running and gives the rest to others; a late finish of the old worker is refused.",
            "warning",
        )
    held = f"with {claim.size} in its hands" if claim.size > 1 else "with nothing else"
    left = took(claim.lease_until - now)
    return Note(f"Claimed by worker {claim.worker}, {held}; its lease is renewed and now runs {left}.")


def _healed(command: Command) -> Note | None:
    if command.healed_by is None:
        return None
    url = KINDS["command"].url(command.healed_by)
    return Note(format_html('Healed: <a href="{}">a reprocessing</a> succeeded. This end stays in the history.', url))


def _failed(command: Command) -> Note:
    if healed := _healed(command):
        return healed
    if command.cause_kind == "reprocess" and command.cause_id:
        url = KINDS["command"].url(command.cause_id)
        again = 'This reprocessing failed too. Reprocess <a href="{}">its root</a> again.'
        return Note(format_html(again, url), "error")
    tries = "its only try" if command.attempts <= 1 else f"{command.attempts} tries"
    return Note(f"Failed for good after {tries}. Once the reason is gone, reprocess it.", "error")


def _workers() -> Iterator[Note]:
    if details.workers_alive(configuration().runner_seen) == 0:
        yield Note("No worker is alive: nothing will be taken until one starts.", "error")
