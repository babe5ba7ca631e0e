"""Doing something to rows: a POST with an action and either ids or a list's filter."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from opsconsole.console import actions, audit, tallies
from opsconsole.console.kinds import KINDS, Kind
from opsconsole.console.pages import reason_of, refused, respond
from opsconsole.console.reading import Reading
from opsconsole.console.views.filters import READERS
from opsconsole.engine.queries.lists import matching_ids

if TYPE_CHECKING:
    from opsconsole.console.site import OpsAdminSite

MOST = 1_000  # rows that "all matching" may mean


@dataclass(slots=True)
class Order:
    """Which rows an action is for. `filter` is the query string of a list when all that match are meant."""

    ids: list[UUID] = field(default_factory=list)
    filter: str | None = None
    is_too_many: bool = False


@require_POST
def act(request: HttpRequest, site: "OpsAdminSite", kind_name: str) -> HttpResponse:
    """Do it, say truthfully what changed, and return to where the button was."""
    kind = KINDS[kind_name]
    action = actions.find(kind.name, request.POST.get("action", ""))
    if action is None:
        messages.error(request, "There is no such action.")
        return _back(request, kind)
    if not action.is_permitted(request):
        return refused(request, site, action.permission)
    order = _order(request, kind)
    if order.is_too_many:
        messages.error(request, tallies.too_many(kind, MOST))
    elif not order.ids:
        messages.warning(request, f"Nothing was chosen, so no {kind.name} was changed.")
    elif _asks(action, order) and "confirmed" not in request.POST:
        return _confirm(request, site, action, order)
    else:
        _perform(request, action, order)
    return _back(request, kind)


def _order(request: HttpRequest, kind: Kind) -> Order:
    if "matching" in request.POST:
        query = request.POST.get("filter", "")
        reading = Reading(QueryDict(query))
        found = matching_ids(kind.model, READERS[kind.name](reading), MOST + 1)
        too_many = len(found.ids) > MOST or found.stopped_at is not None or bool(reading.complaints)
        return Order(found.ids, query, too_many)
    ids = set()
    for text in request.POST.getlist("id"):
        try:
            ids.add(UUID(text))
        except ValueError:
            continue
    return Order(sorted(ids), is_too_many=len(ids) > MOST)


def _asks(action: actions.Action, order: Order) -> bool:
    return order.filter is not None or (action.asks and (len(order.ids) > 1 or action.kind == "batch"))


def _confirm(request: HttpRequest, site: "OpsAdminSite", action: actions.Action, order: Order) -> HttpResponse:
    kind = KINDS[action.kind]
    context = {
        "title": f"{action.label}: {tallies.of(kind, len(order.ids))}",
        "action": action,
        "kind": kind,
        "order": order,
        "return_to": _return_to(request, kind),
        "conditions": [(name, value) for name, value in QueryDict(order.filter or "").items() if value],
    }
    return respond(request, site, "confirm", context)


def _perform(request: HttpRequest, action: actions.Action, order: Order) -> None:
    reason = reason_of(request)
    tally = audit.performed(request, action, order.ids, reason=reason, filter=order.filter)
    level = messages.SUCCESS if tally.changed else messages.WARNING
    messages.add_message(request, level, tallies.sentence(action, tally))


def _back(request: HttpRequest, kind: Kind) -> HttpResponse:
    return HttpResponseRedirect(_return_to(request, kind))


def _return_to(request: HttpRequest, kind: Kind) -> str:
    """Where the button was, if that is on this site."""
    url = request.POST.get("next", "")
    allowed = {request.get_host()}
    if url.startswith(reverse("admin:index")) and url_has_allowed_host_and_scheme(url, allowed, request.is_secure()):
        return url
    return kind.list_url
