"""Lists of events, commands, batches and workflows: filtered, newest first, page by page by id."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from opsconsole.engine.models import Batch, Command, Event, Workflow
from opsconsole.engine.queries.filters import Filter
from opsconsole.engine.queries.windows import Bounded, Found, Search, best

M = TypeVar("M", bound=Model)

PAGE = 50

EVENTS = Event.objects.only(
    "id", "type", "tenant", "status", "created_at", "started_at", "finished_at", "duration", "attempts",
    "error_class", "cause_kind", "cause_id", "correlation_id", "source_model", "source_id",
)  # fmt: skip
COMMANDS = Command.objects.only(
    "id", "type", "tenant", "queue", "status", "created_at", "not_before", "started_at", "finished_at", "duration",
    "attempts", "max_attempts", "losses", "error_class", "healed_by", "cause_kind", "cause_id", "batch_id", "step_id",
    "release_on", "correlation_id", "claim_id",
)  # fmt: skip
BATCHES = Batch.objects.all()
WORKFLOWS = Workflow.objects.all()


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Rows, newest first, and the ids to go on from: `older` before that id, `newer` after it.

    `stopped_at` is set when the bound of the walk ended the search before the page was full.
    """

    rows: list[M]
    search: Search
    older: UUID | None = None
    newer: UUID | None = None
    stopped_at: UUID | None = None

    def count(self) -> Bounded:
        """How many rows match, on this page and on all others, counted up to a bound."""
        return self.search.count()


def read_page(
    rows: QuerySet[M],
    wanted: Filter,
    *,
    before: UUID | None = None,
    after: UUID | None = None,
    size: int = PAGE,
) -> Page[M]:
    """The newest matching rows; those older than `before`; or those just newer than `after`."""
    searches = wanted.searches(rows.model)
    if after is not None:
        page = _newer(rows, searches, after, size)
        if page is not None:
            return page
        before = None  # nothing more that way: the first page, full again
    search, found = best(searches, size + 1, before=before)
    ids = found.ids[:size]
    older = ids[-1] if len(found.ids) > size else found.stopped_at
    newer = (ids[0] if ids else before) if before else None
    return Page(_fetch(rows, ids), search, older, newer, found.stopped_at)


def _newer(rows: QuerySet[M], searches: list[Search], after: UUID, size: int) -> Page[M] | None:
    search, found = best(searches, size + 1, after=after)
    ids = found.ids[:size]
    if len(found.ids) <= size and found.stopped_at is None:
        return None
    older = ids[0] if ids else after
    return Page(_fetch(rows, ids), search, older, found.stopped_at or ids[-1], found.stopped_at)


def matching_ids(model: type[Model], wanted: Filter, limit: int) -> Found:
    """The newest `limit` matching ids, for actions on everything that a filter matches."""
    return best(wanted.searches(model), limit)[1]


def _fetch(rows: QuerySet[M], ids: Iterable[UUID]) -> list[M]:
    return sorted(rows.filter(id__in=list(ids)), key=lambda row: row.pk, reverse=True) if ids else []
