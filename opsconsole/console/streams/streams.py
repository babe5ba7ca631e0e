"""Streams by name, and one with its events and what the aggregate was at any version."""

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse

from opsconsole.console import differences
from opsconsole.console.pages import respond
from opsconsole.console.reading import Reading
from opsconsole.streams.aggregates import Aggregate
from opsconsole.streams.queries import states, streams
from opsconsole.streams.store import category_of

if TYPE_CHECKING:
    from opsconsole.console.site import OpsAdminSite


def show_list(request: HttpRequest, site: "OpsAdminSite") -> HttpResponse:
    reading = Reading(request.GET)
    prefix, after = reading.text("q"), reading.text("after")
    by_name = bool(prefix or reading.text("by"))
    found, following = streams.find_streams(prefix, after) if by_name else (streams.recent_streams(), None)
    context = {
        "title": "Streams",
        "rows": [(one, category_of(one.name)) for one in found],
        "prefix": prefix,
        "by_name": by_name,
        "after": after,
        "following": following,
    }
    return respond(request, site, "streams/streams", context)


def show(request: HttpRequest, site: "OpsAdminSite") -> HttpResponse:
    """One stream: its events, the latest first, and the state that they led to."""
    reading = Reading(request.GET)
    name = reading.text("name")
    version = streams.version_of(name)
    if version is None:
        return respond(request, site, "streams/stream_missing", {"title": "No such stream", "name": name}, status=404)
    before = reading.number("before")
    events, older = streams.events_of(name, before)
    context = {
        "title": name,
        "name": name,
        "category": category_of(name),
        "version": version,
        "events": events,
        "older": older,
        "is_first_page": before is None,
        **_state(reading, name, version),
        "complaints": reading.complaints,
    }
    return respond(request, site, "streams/stream", context)


def _state(reading: Reading, name: str, last: int) -> dict[str, Any]:
    """What the aggregate was at one version, and how that differs from another; by default, the last two."""
    declared = states.aggregates_of(name)
    if not declared:
        return {"aggregates": []}
    aggregate = _chosen(reading, declared)
    at, against = reading.number("version"), reading.number("against")
    at = last if at is None else min(at, last)
    against = max(at - 1, 0) if against is None else min(against, last)
    state, other = (states.state_at(aggregate, name, one) for one in (at, against))
    known = state.state is not None and other.state is not None
    return {
        "aggregates": [one.__name__ for one in declared],
        "aggregate": aggregate.__name__,
        "state": state,
        "other": other,
        "differences": differences.between(other.state, state.state) if known else None,
    }


def _chosen(reading: Reading, declared: list[type[Aggregate]]) -> type[Aggregate]:
    wanted = reading.text("aggregate")
    return next((one for one in declared if one.__name__ == wanted), declared[0])
