"""The list of events, and one event."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from opsconsole.console import extensions, listing, origins, totals, waiting
from opsconsole.console.actions import offered
from opsconsole.console.flows import pictures
from opsconsole.console.kinds import KINDS
from opsconsole.console.pages import missing, respond
from opsconsole.console.views.filters import event_controls, read_events
from opsconsole.engine.models import Event
from opsconsole.engine.queries import details
from opsconsole.engine.queries.enqueued import enqueued_by
from opsconsole.engine.queries.lists import EVENTS
from opsconsole.engine.registry import reactions_to

if TYPE_CHECKING:
    from opsconsole.console.site import OpsAdminSite

KIND = KINDS["event"]


def show_list(request: HttpRequest, site: "OpsAdminSite") -> HttpResponse:
    return listing.show(request, site, LISTING)


def show(request: HttpRequest, site: "OpsAdminSite", pk: UUID) -> HttpResponse:
    """One event: what it says, what became of it, what it set off."""
    event = details.find(Event, pk)
    if event is None:
        return missing(request, site, KIND, pk)
    commands = details.commands_caused_by("event", pk)
    context = {
        "title": event.type,
        "kind": KIND,
        "event": event,
        "origin": origins.origin_of(event, request),
        "source": origins.source_of(event, request),
        "notes": [
            *waiting.notes_on_event(event, details.claim_of(event)),
            *extensions.notes_on_event(event, commands.rows, request),
        ],
        "reactions": [f"{reaction.__module__}.{reaction.__qualname__}" for reaction in reactions_to(event.type)],
        "attempts": details.attempts_of(pk),
        "commands": commands,
        "batches": details.batches_caused_by("event", pk),
        "workflows": details.workflows_caused_by("event", pk, event.correlation_id),
        "pictures": pictures(event.correlation_id, "event", pk),
        "actions": offered(request, "event", event),
    }
    return respond(request, site, "event/detail", context)


def _dress(events: Sequence[Any]) -> dict[str, Any]:
    enqueued = enqueued_by([event.pk for event in events])
    for event in events:
        event.enqueued = enqueued.get(event.pk)
    return {}


LISTING = listing.Listing("event", EVENTS, read_events, event_controls, _dress, totals.of_events)
