"""The list of batches, and one batch with its members."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from opsconsole.console import listing, origins, totals
from opsconsole.console.actions import offered
from opsconsole.console.flows import pictures
from opsconsole.console.kinds import KINDS
from opsconsole.console.pages import missing, respond
from opsconsole.console.reading import Reading
from opsconsole.console.views.filters import batch_controls, read_batches
from opsconsole.engine.models import Batch
from opsconsole.engine.queries import details
from opsconsole.engine.queries.filters import CommandFilter
from opsconsole.engine.queries.lists import BATCHES, COMMANDS, read_page
from opsconsole.engine.queries.members import BOUND, Members, member_counts
from opsconsole.engine.states import COMMAND

if TYPE_CHECKING:
    from opsconsole.console.site import OpsAdminSite

KIND = KINDS["batch"]
MEMBERS = 20  # on a page
ORDER = ("success", "healed", "error", "cancelled", "processing", "pending", "awaiting")


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a progress bar, in percent of its length."""

    status: str
    count: int
    start: float
    width: float


def show_list(request: HttpRequest, site: "OpsAdminSite") -> HttpResponse:
    return listing.show(request, site, LISTING)


def show(request: HttpRequest, site: "OpsAdminSite", pk: UUID) -> HttpResponse:
    """One batch: how far it is, what follows it, and its members page by page."""
    batch = details.find(Batch, pk)
    if batch is None:
        return missing(request, site, KIND, pk)
    reading = Reading(request.GET)
    wanted = CommandFilter(batch_id=pk, status=reading.one_of("status", COMMAND.states))
    before, after = reading.identifier("before"), reading.identifier("after")
    members = read_page(COMMANDS, wanted, before=before, after=after, size=MEMBERS)
    known = details.member_totals(batch)
    counts = {} if known.is_bounded else known.counts
    context = {
        "title": batch.name,
        "kind": KIND,
        "batch": batch,
        "origin": origins.origin_of(batch, request),
        "step": details.step_of(batch),
        "counts": [(status, counts[status]) for status in ORDER if counts.get(status)],
        "shares": shares(counts, batch.size),
        "finished": None if known.is_bounded else known.finished,
        "at_least": details.COUNTED,
        "next_commands": details.commands_caused_by("batch", pk),
        "page": members,
        "status": wanted.status,
        "complaints": reading.complaints,
        "pictures": pictures(batch.correlation_id, "batch", pk),
        "actions": offered(request, "batch", batch),
    }
    return respond(request, site, "batch/detail", context)


def shares(counts: dict[str, int], size: int) -> list[Share]:
    """The parts of the bar, in their order, each at least a hairline wide."""
    parts, start = [], 0.0
    for status in ORDER:
        if count := counts.get(status, 0):
            width = 100 * count / max(size, 1)
            parts.append(Share(status, count, round(start, 3), round(max(width, 0.4), 3)))
            start += width
    return parts


def _dress(batches: Sequence[Any]) -> dict[str, Any]:
    members = member_counts([batch.pk for batch in batches])
    for batch in batches:
        known = members.get(batch.pk, Members())
        batch.shares = [] if known.is_bounded else shares(known.counts, batch.size)
        batch.progress = f"more than {BOUND:,} to go" if known.is_bounded else f"{known.finished:,} of {batch.size:,}"
    return {}


LISTING = listing.Listing("batch", BATCHES, read_batches, batch_controls, _dress, totals.of_batches)
