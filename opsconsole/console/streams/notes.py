"""What keeps a process from going on, or a subscription, and what can be done about it."""

from collections.abc import Iterator, Sequence

from django.utils.html import format_html

from opsconsole.console.kinds import KINDS
from opsconsole.console.streams.addresses import process_url, subscription_url
from opsconsole.console.templatetags.ops_console import ago
from opsconsole.console.waiting import Note
from opsconsole.console.words import absolute, counted, took
from opsconsole.engine.configuration import configuration
from opsconsole.engine.models import Command, Event
from opsconsole.engine.queries import details
from opsconsole.engine.states import CANCELLED, ERROR, PENDING, PROCESSING
from opsconsole.streams.models import ParkedEvent, Process, SkippedEvent, Subscription
from opsconsole.streams.moves import PROCESSES
from opsconsole.streams.queries.processes import ENDED, OVERDUE, STUCK, patience_of
from opsconsole.streams.queries.steps import ShownStep
from opsconsole.streams.queries.subscriptions import (
    BEHIND,
    MOST,
    ORPHANED,
    Standing,
)
from opsconsole.streams.states import PAUSED, STOPPED


def on_process(process: Process, condition: str, latest: ShownStep | None) -> Iterator[Note]:
    """Why it is where it is; `latest` is its last move."""
    declared = PROCESSES.find(process.type)
    if condition == ENDED:
        return
    if declared is None:
        yield Note(
            f"No code here answers to “{process.type}”: it was removed, renamed, or is not deployed here.", "error"
        )
    if condition == OVERDUE and process.deadline_at:
        text = "Overdue: its deadline passed {}, and no worker has dealt with it."
        yield Note(format_html(text, ago(process.deadline_at)), "error")
        yield from _workers()
    elif condition == STUCK:
        longest = took(patience_of(process.type))
        text = "Stuck: it came to {} {}; it may stay {} before it is marked."
        yield Note(format_html(text, process.status, ago(process.moved_at), longest), "warning")
    yield from _on_subscription(process)
    yield from _on_commands(latest)
    by_hand = [one for one in declared.by_hand if process.status in one.statuses] if declared else []
    if awaited := [one.label for one in by_hand if not one.is_remedy]:
        yield Note(f"Waits for somebody to decide: {' or '.join(awaited)}.", "warning")
    if condition == STUCK and (remedies := [one.label for one in by_hand if one.is_remedy]):
        yield Note(f"When none of its commands can be reprocessed: {' or '.join(remedies)}.")
    if condition != OVERDUE and process.deadline_at:
        what = declared.deadlines.get(process.status) if declared else None
        method = f" “{what.method}” is called" if what else " its deadline passes"
        yield Note(format_html("If nothing moves it, {} {}.", method.strip(), ago(process.deadline_at)))


def _on_subscription(process: Process) -> Iterator[Note]:
    row = Subscription.objects.filter(name=process.type).only("name", "status", "error_class").first()
    if row and row.status in (STOPPED, PAUSED):
        link = format_html('<a href="{}">subscription {}</a>', subscription_url(row.name), row.name)
        yield Note(format_html("No event moves it: its {} is {}.", link, row.status), "warning")


def _on_commands(latest: ShownStep | None) -> Iterator[Note]:
    """What became of the commands that it asked for in this state."""
    for command in latest.commands if latest else ():
        link = format_html('<a href="{}">{}</a>', KINDS["command"].url(command.pk), command.type)
        if command.status in (ERROR, CANCELLED) and not command.healed_by:
            word = "failed" if command.status == ERROR else "was cancelled"
            yield Note(format_html("Its command {} {}: reprocess it once the reason is gone.", link, word), "error")
        elif command.status in (PENDING, PROCESSING):
            yield Note(format_html("Its command {} is {}.", link, command.status))


def on_subscription(standing: Standing) -> Iterator[Note]:
    """Why it is not getting on, or what it waits for."""
    row = standing.row
    if row is None:
        yield Note("No dispatcher has seen it yet: it begins when one runs.", "warning")
        return
    if standing.follower is None:
        why = "it was removed, renamed, or is not deployed here. It rests where it is."
        yield Note(f"No code here answers to “{standing.name}”: {why}", "warning")
    elif row.contract not in ("", standing.follower.contract):
        yield Note(
            "The code here follows other events, or keeps another state, than the release that migrated last, and"
            " leaves it to that one's workers. When this is the later release: run manage.py migrate, then restart"
            " the workers.",
            "warning",
        )
    yield from _on_status(standing, row)
    if row.tries > 1 and standing.status in (BEHIND, ORPHANED):
        yield Note(
            f"It was begun {counted(row.tries, 'time')} since it last got on: workers were lost with it. Events are"
            " applied one at a time, so that the guilty one is found.",
            "warning",
        )
    if row.parked:
        yield Note(f"{counted(row.parked, 'event')} of failing streams set aside; see below.", "warning")


def _on_status(standing: Standing, row: Subscription) -> Iterator[Note]:
    match standing.status:
        case "stopped":
            yield Note(
                f"Stopped at position {row.failed_position:,}. Nothing behind it is applied until somebody has it try"
                " again, or skip this one event.",
                "error",
            )
        case "paused":
            yield _paused(row)
        case "retrying":
            tries = counted(row.failures, "try", "tries")
            text = "The event at position {} failed, {} so far; tried again {}. “Retry” does not wait for it."
            yield Note(format_html(text, f"{row.failed_position:,}", tries, ago(row.not_before)), "warning")
        case "delayed":
            yield Note(format_html("It begins {}.", ago(row.not_before)))
        case "behind":
            left = f"; at {row.rate:,.0f} a second that takes {took(standing.left)}" if standing.left else ""
            yield Note(f"{counted(standing.behind, 'event')} behind the end of the log{left}.")
            yield from _workers()


def _paused(row: Subscription) -> Note:
    who = f" by {row.paused_by}" if row.paused_by else ""
    when = f" on {absolute(row.paused_at)}" if row.paused_at else ""
    return Note(f"Paused{who}{when}: {row.reason or 'no reason was given'}.", "warning")


def on_event(event: Event, commands: Sequence[Command], *, processes: bool, subscriptions: bool) -> Iterator[Note]:
    """Who could not apply it, and which processes it moved, as far as the commands that they then asked for tell."""
    if subscriptions:
        yield from _on_followers(event)
    flows = {command.correlation_id for command in commands} - {event.correlation_id} if processes else set()
    for process in Process.objects.filter(pk__in=flows).only("type", "subject").order_by("pk"):
        url = process_url(process.pk)
        yield Note(format_html('It moved <a href="{}">process {}</a> about {}.', url, process.type, process.subject))


def _on_followers(event: Event) -> Iterator[Note]:
    for row in Subscription.objects.filter(failed_event_id=event.pk).only("name", "status", "shadow_of"):
        url = subscription_url(row.shadow_of or row.name)
        what = "stopped at it" if row.status == STOPPED else "could not apply it yet"
        yield Note(format_html('<a href="{}">Subscription {}</a> {}.', url, row.name, what), "error")
    if event.position is None:
        return
    names = list(Subscription.objects.values_list("name", flat=True)[:MOST])
    at = {"subscription__in": names, "position": event.position}
    for parked in ParkedEvent.objects.filter(**at).defer("traceback"):
        url = subscription_url(parked.subscription)
        text = '<a href="{}">Subscription {}</a> has set it aside with its stream.'
        yield Note(format_html(text, url, parked.subscription), "warning")
    for skipped in SkippedEvent.objects.filter(**at):
        url = subscription_url(skipped.subscription)
        text = '{} had <a href="{}">subscription {}</a> skip it: {}.'
        yield Note(format_html(text, skipped.skipped_by, url, skipped.subscription, skipped.reason), "warning")


def _workers() -> Iterator[Note]:
    if details.workers_alive(configuration().runner_seen) == 0:
        yield Note("No worker is alive: nothing goes on until one starts.", "error")
