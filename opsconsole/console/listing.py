"""What every list page has in common: filters, one page of rows, counts, actions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from opsconsole.console.actions import offered
from opsconsole.console.controls import Control
from opsconsole.console.kinds import KINDS
from opsconsole.console.pages import respond
from opsconsole.console.reading import Reading
from opsconsole.engine.queries import lists
from opsconsole.engine.queries.filters import Filter

if TYPE_CHECKING:
    from opsconsole.console.site import OpsAdminSite


@dataclass(frozen=True, slots=True)
class Listing:
    """How one kind is listed. `dress` adds what the rows' columns show beyond the rows themselves."""

    kind: str
    rows: QuerySet[Any]
    read: Callable[[Reading], Filter]
    controls: Callable[[Reading], list[Control]]
    dress: Callable[[Sequence[Model]], dict[str, Any]]
    totals: Callable[[str], Sequence[Any]]


def show(request: HttpRequest, site: "OpsAdminSite", listing: Listing) -> HttpResponse:
    """One page of the list that the address asks for."""
    kind = KINDS[listing.kind]
    reading = Reading(request.GET)
    wanted = listing.read(reading)
    before, after = reading.identifier("before"), reading.identifier("after")
    page = lists.read_page(listing.rows, wanted, before=before, after=after)
    controls = listing.controls(reading)
    context = {
        "title": kind.plural.capitalize(),
        "kind": kind,
        "page": page,
        "matching": page.count(),
        "chosen_status": wanted.status,
        "controls": controls,
        "chips": [control for control in controls if control.value],
        "complaints": reading.complaints,
        "totals": listing.totals(wanted.tenant),
        "actions": offered(request, listing.kind),
        "return_to": request.get_full_path(),
        **listing.dress(page.rows),
    }
    return respond(request, site, f"{kind.name}/list", context)
