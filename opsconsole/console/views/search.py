"""The search box: any id lands on what it names; other text finds types."""

from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from opsconsole.console import extensions
from opsconsole.console.extensions import Match
from opsconsole.console.kinds import KINDS
from opsconsole.console.navigation import visible
from opsconsole.console.pages import respond
from opsconsole.engine.messages import COMMANDS, EVENTS
from opsconsole.engine.queries.details import located
from opsconsole.engine.queries.names import names_of

if TYPE_CHECKING:
    from opsconsole.console.site import OpsAdminSite

MOST = 30


def search(request: HttpRequest, site: "OpsAdminSite") -> HttpResponse:
    """Go to the row that the id names, if this user may see it; else show what the text fits."""
    text = request.GET.get("q", "").strip().replace("\0", "")
    identifier = _identifier(text)
    seen = {kind.name for kind in visible(request)}
    if identifier is not None:
        if url := extensions.locate(identifier, request):
            return HttpResponseRedirect(url)
        for kind, found in located(identifier):
            if kind in seen:
                return HttpResponseRedirect(KINDS[kind].url(found))
            if kind == "flow" and seen:
                return HttpResponseRedirect(reverse("admin:ops_flow", args=[found]))
    matches = [] if identifier or not text else [*_types(text, seen), *extensions.matches(text, request)][:MOST]
    context = {"title": "Search", "text": text, "is_id": identifier is not None, "matches": matches}
    return respond(request, site, "search", context)


def _identifier(text: str) -> UUID | None:
    """An id with or without hyphens, quotes and whatever else was copied with it."""
    try:
        return UUID(text.strip("\"'()[]{},;. "))
    except ValueError:
        return None


def _types(text: str, seen: set[str]) -> list[Match]:
    """Types and names that contain the text, leading to their lists."""
    known = {
        "event": {name for name, _ in EVENTS} | {*names_of("event", "type")},
        "command": {name for name, _ in COMMANDS} | {*names_of("command", "type")},
        "batch": {*names_of("batch", "name")},
    }
    return [
        Match(kind, name, f"{KINDS[kind].list_url}?{urlencode({'type': name})}", f"{kind} type")
        for kind in known
        if kind in seen
        for name in sorted(known[kind])
        if text.lower() in name.lower()
    ]
