"""What the console learns about streams: pages, entries of the rail, where causes and flows lead, what is wrong."""

from collections.abc import Iterator, Sequence
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse

from opsconsole.console.dashboard.verdict import PATIENCE, Finding
from opsconsole.console.extensions import Entry, Match, Outside, Page
from opsconsole.console.streams import by_hand, notes, processes, streams, subscriptions
from opsconsole.console.streams.addresses import process_url, stream_url, subscription_url
from opsconsole.console.waiting import Note
from opsconsole.console.words import counted, took
from opsconsole.engine.models import Command, Event
from opsconsole.engine.queries.present import database_now
from opsconsole.streams.followers import FOLLOWERS
from opsconsole.streams.models import Process
from opsconsole.streams.moves import PROCESSES
from opsconsole.streams.queries.processes import OVERDUE, Trouble, troubles
from opsconsole.streams.queries.streams import find_streams
from opsconsole.streams.queries.subscriptions import Standing, all_subscriptions
from opsconsole.streams.states import PAUSED, STOPPED

VIEW_PROCESS, VIEW_SUBSCRIPTION = "ops_streams.view_process", "ops_streams.view_subscription"
VIEW_STREAM = "ops_engine.view_event"  # a stream is nothing but its events
FOUND = 5  # streams that the search box names

PAGES = (
    Page("engine/processes/", "ops_processes", VIEW_PROCESS, processes.show_list),
    Page("engine/processes/act/", "ops_process_act", VIEW_PROCESS, by_hand.act),
    Page("engine/processes/<uuid:pk>/", "ops_process", VIEW_PROCESS, processes.show),
    Page("engine/subscriptions/", "ops_subscriptions", VIEW_SUBSCRIPTION, subscriptions.show_list),
    Page("engine/subscriptions/act/", "ops_subscription_act", VIEW_SUBSCRIPTION, subscriptions.act),
    Page("engine/subscriptions/<path:name>/", "ops_subscription", VIEW_SUBSCRIPTION, subscriptions.show),
    Page("engine/streams/", "ops_streams", VIEW_STREAM, streams.show_list),
    Page("engine/streams/one/", "ops_stream", VIEW_STREAM, streams.show),
)
ENTRIES = (
    Entry("Processes", "process", "ops_processes", VIEW_PROCESS),
    Entry("Subscriptions", "subscription", "ops_subscriptions", VIEW_SUBSCRIPTION),
    Entry("Streams", "stream", "ops_streams", VIEW_STREAM),
)


def _origin(identifier: UUID) -> Outside | None:
    process = owner_of_flow(identifier)
    return process and Outside("A deadline of process", process.name, process.url, process.detail)


ORIGINS = {"process": _origin}


def owner_of_flow(correlation_id: UUID) -> Outside | None:
    """The process whose flow it is: its id is the correlation id of all that belongs to it."""
    process = Process.objects.filter(pk=correlation_id).only("type", "subject", "status").first()
    if process is None:
        return None
    return Outside(
        "Part of process", process.type, process_url(process.pk), f"about {process.subject}, {process.status}"
    )


def locate(identifier: UUID, request: HttpRequest) -> str | None:
    """The page of the process with this id."""
    if request.user.has_perm(VIEW_PROCESS) and Process.objects.filter(pk=identifier).exists():
        return process_url(identifier)
    return None


def matches(text: str, request: HttpRequest) -> Iterator[Match]:
    """Types of processes and subscriptions that contain the text, streams that begin with it."""
    fits = text.lower()
    if request.user.has_perm(VIEW_PROCESS):
        for name in (name for name, _ in PROCESSES if fits in name.lower()):
            yield Match(
                "process", name, f"{reverse('admin:ops_processes')}?{urlencode({'type': name})}", "process type"
            )
    if request.user.has_perm(VIEW_SUBSCRIPTION):
        for name in (name for name, _ in FOLLOWERS if fits in name.lower()):
            yield Match("subscription", name, subscription_url(name), "subscription")
    if request.user.has_perm(VIEW_STREAM):
        for stream in find_streams(text)[0][:FOUND]:
            yield Match("stream", stream.name, stream_url(stream.name), "stream")


def notes_on_event(event: Event, commands: Sequence[Command], request: HttpRequest) -> Iterator[Note]:
    may_see = request.user.has_perm
    yield from notes.on_event(
        event, commands, processes=may_see(VIEW_PROCESS), subscriptions=may_see(VIEW_SUBSCRIPTION)
    )


def findings(request: HttpRequest) -> Iterator[Finding]:
    """Subscriptions that have stopped or fall behind; processes that are stuck or overdue."""
    if request.user.has_perm(VIEW_SUBSCRIPTION):
        for standing in all_subscriptions():
            yield from _on_subscription(standing)
    if request.user.has_perm(VIEW_PROCESS):
        now = database_now()
        for trouble in troubles():
            yield _on_processes(trouble, took(now - trouble.since))


def _on_subscription(standing: Standing) -> Iterator[Finding]:
    row = standing.row
    rows = [row, standing.rebuild.row if standing.rebuild else None]
    for one in rows:
        if one is not None and one.status == STOPPED:
            yield Finding(
                "error",
                f"{'The rebuild of ' if one.shadow_of else 'Subscription '}{one.shadow_of or one.name} has stopped",
                f"{one.error_class} at position {one.failed_position:,}; nothing behind it is applied.",
                "Mend the cause and have it try again, or skip the one event with a reason.",
                subscription_url(one.shadow_of or one.name),
                "why",
            )
    if row is None or row.status == STOPPED:
        return
    if row.status == PAUSED:
        who = f" by {row.paused_by}" if row.paused_by else ""
        cause = (row.reason or "No reason was given") + "."
        advice = f"{counted(standing.behind, 'event')} wait for it." if standing.behind else "Nothing waits for it."
        title = f"Subscription {row.name} is paused{who}"
        yield Finding("info", title, cause, advice, subscription_url(row.name), "it")
    elif standing.follower is not None and standing.lag is not None and standing.lag > PATIENCE:
        yield Finding(
            "warning",
            f"Subscription {row.name} is {took(standing.lag)} behind",
            f"{counted(standing.behind, 'event')} wait for it.",
            "Workers are busy, or none listens; see when it was last served.",
            subscription_url(row.name),
            "it",
        )
    if row.parked:
        yield Finding(
            "warning",
            f"Subscription {row.name} has set {counted(row.parked, 'event')} aside",
            "Their streams are not up to date in it.",
            "Mend the cause, then apply them again.",
            subscription_url(row.name),
            "them",
        )


def _on_processes(trouble: Trouble, since: str) -> Finding:
    name, is_one = trouble.type, trouble.count.number == 1 and not trouble.count.is_more
    query = urlencode({"type": name, "condition": trouble.condition})
    url = process_url(trouble.oldest) if is_one else f"{reverse('admin:ops_processes')}?{query}"
    many, are = ("1 process", "is") if is_one else (f"{trouble.count} processes", "are")
    if trouble.condition == OVERDUE:
        return Finding(
            "error",
            f"{many} of {name} {are} overdue",
            f"The oldest deadline passed {since} ago and was not dealt with.",
            "Check that workers are alive and know this process.",
            url,
            "it" if is_one else "them",
        )
    return Finding(
        "warning",
        f"{many} of {name} {are} stuck",
        f"No move for {since}, longer than is usual.",
        "Look what each one waits for: a failed command, an event that never came, or a decision.",
        url,
        "it" if is_one else "them",
    )
