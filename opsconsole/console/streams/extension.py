"""What the console learns about streams: pages, entries of the rail, where causes and flows lead, what is wrong."""

from collections.abc import Iterator, Sequence
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse

from opsconsole.console.dashboard.verdict import Finding
from opsconsole.console.extensions import Entry, Match, Outside, Page
from opsconsole.console.streams import by_hand, notes, processes, streams, subscriptions, wrong
from opsconsole.console.streams.addresses import process_url, stream_url, subscription_url
from opsconsole.console.waiting import Note
from opsconsole.engine.models import Command, Event
from opsconsole.engine.queries.present import database_now
from opsconsole.streams.followers import FOLLOWERS
from opsconsole.streams.models import Process
from opsconsole.streams.moves import PROCESSES
from opsconsole.streams.queries.processes import troubles
from opsconsole.streams.queries.streams import find_streams
from opsconsole.streams.queries.subscriptions import all_subscriptions

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


def _origin(identifier: UUID, request: HttpRequest) -> Outside | None:
    process = owner_of_flow(identifier, request)
    return process and Outside("A deadline of process", process.name, process.url, process.detail)


ORIGINS = {"process": _origin}


def owner_of_flow(correlation_id: UUID, request: HttpRequest) -> Outside | None:
    """The process whose flow it is: its id is the correlation id of all that belongs to it."""
    if not request.user.has_perm(VIEW_PROCESS):
        return None
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
            yield from wrong.with_subscription(standing)
    if request.user.has_perm(VIEW_PROCESS):
        now = database_now()
        yield from (wrong.with_processes(trouble, now) for trouble in troubles())
