"""Reading the newest matching rows without ever scanning a table: an index walked in order, a bound a walk.

Only some conditions are backed by an index that also keeps the order of ids; such a condition *drives* a
walk. The others are looked at row by row, in at most `limit` rows of the walk: a page is then either full,
or complete, or says how far back it looked.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, ExpressionWrapper, Model, Q, QuerySet, Value
from django.db.models.expressions import RawSQL

ROWS = 10_000  # looked at in one walk, at most
CHUNK = 500  # of chosen rows looked at together


@dataclass(frozen=True, slots=True)
class Found:
    """Ids in the order of the walk. `stopped_at` names the last row looked at when the bound cut the walk."""

    ids: list[UUID]
    stopped_at: UUID | None = None


@dataclass(frozen=True, slots=True)
class Bounded:
    """A number of rows; when `is_more`, there are at least so many."""

    number: int
    is_more: bool = False

    def __str__(self) -> str:
        return f"{self.number:,}+" if self.is_more else f"{self.number:,}"


@dataclass(frozen=True, slots=True)
class Walk:
    """One index of `model` walked through the ids in `within`: rows where `drive` holds, kept where `keep` does."""

    model: type[Model]
    drive: Q
    keep: Q
    within: Q
    limit: int = ROWS

    def find(self, count: int, *, backwards: bool = True) -> Found:
        """The first `count` matching ids."""
        try:
            rows, params = self._rows(backwards).query.sql_with_params()
        except EmptyResultSet:
            return Found([])
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id FROM ({rows}) seen WHERE matches LIMIT %s", [*params, count])
            ids = [row[0] for row in cursor.fetchall()]
            if not self.keep or len(ids) == count:
                return Found(ids)
            edge = "min" if backwards else "max"
            cursor.execute(f"SELECT count(*), {_uuid_edge(edge)} FROM ({rows}) seen", params)
            seen, last = cursor.fetchone()
        return Found(ids, last if seen == self.limit else None)

    def count(self) -> Bounded:
        """How many rows match, counted up to the bound."""
        try:
            rows, params = self._rows(backwards=True).query.sql_with_params()
        except EmptyResultSet:
            return Bounded(0)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FILTER (WHERE matches), count(*) FROM ({rows}) seen", params)
            matching, seen = cursor.fetchone()
        return Bounded(matching, is_more=seen == self.limit)

    def beyond(self, before: UUID | None, after: UUID | None) -> "Walk":
        """The same walk, narrowed for going on from a page."""
        older = Q(id__lt=before) if before else Q()
        newer = Q(id__gt=after) if after else Q()
        return replace(self, within=self.within & older & newer)

    def _rows(self, backwards: bool) -> QuerySet[Any, Any]:
        matches = ExpressionWrapper(self.keep, BooleanField()) if self.keep else Value(True)
        rows = self.model._default_manager.filter(self.drive, self.within).annotate(matches=matches)
        walk: QuerySet[Any, Any] = rows.order_by("-id" if backwards else "id").values("id", "matches")
        return walk[: self.limit]


@dataclass(frozen=True, slots=True)
class Chosen:
    """Rows that are known beforehand and few: `ids`, kept where `keep` does."""

    model: type[Model]
    ids: tuple[UUID, ...]
    keep: Q

    def find(self, count: int, *, backwards: bool = True) -> Found:
        """The first `count` matching ids."""
        ordered = sorted(self.ids, reverse=backwards)
        if not self.keep:
            return Found(ordered[:count])
        found: list[UUID] = []
        for start in range(0, len(ordered), CHUNK):
            kept = self._kept(ordered[start : start + CHUNK])
            found += sorted(kept, reverse=backwards)
            if len(found) >= count:
                break
        return Found(found[:count])

    def count(self) -> Bounded:
        return Bounded(len(self._kept(self.ids)) if self.keep else len(self.ids))

    def beyond(self, before: UUID | None, after: UUID | None) -> "Chosen":
        """The same rows, narrowed for going on from a page."""
        ids = (id for id in self.ids if (not before or id < before) and (not after or id > after))
        return replace(self, ids=tuple(ids))

    def _kept(self, ids: Sequence[UUID]) -> list[UUID]:
        # As one parameter: a list of thousands costs the planner more than the query.
        chosen = Q(id__in=RawSQL("SELECT unnest(%s::uuid[])", [list(ids)]))
        return list(self.model._default_manager.filter(chosen, self.keep).values_list("id", flat=True))


@dataclass(frozen=True, slots=True)
class Abreast:
    """Walks side by side, for conditions that no one index has together; no row is met by two of them."""

    walks: tuple["Search", ...]

    def find(self, count: int, *, backwards: bool = True) -> Found:
        """The first `count` matching ids of all; none beyond the place where the first walk was cut."""
        found = [walk.find(count, backwards=backwards) for walk in self.walks]
        ids = sorted((id for one in found for id in one.ids), reverse=backwards)
        cuts = [one.stopped_at for one in found if one.stopped_at is not None]
        if cuts:
            cut = max(cuts) if backwards else min(cuts)
            ids = [id for id in ids if (id >= cut if backwards else id <= cut)]
        return Found(ids[:count], cut if cuts and len(ids) < count else None)

    def count(self) -> Bounded:
        counts = [walk.count() for walk in self.walks]
        return Bounded(sum(one.number for one in counts), any(one.is_more for one in counts))

    def beyond(self, before: UUID | None, after: UUID | None) -> "Abreast":
        """The same walks, narrowed for going on from a page."""
        return Abreast(tuple(walk.beyond(before, after) for walk in self.walks))


Search = Walk | Chosen | Abreast


def _uuid_edge(name: str) -> str:
    """PostgreSQL before 18 has no min() and max() of uuid."""
    return f"{name}(id::text)::uuid"


def best(
    searches: Sequence[Search], count: int, *, before: UUID | None = None, after: UUID | None = None
) -> tuple[Search, Found]:
    """The first search that fills the page or comes to its end, else the last one; and what it found.

    The newest rows, those before an id, or those next after an id (oldest first then).
    """
    for search in searches:
        found = search.beyond(before, after).find(count, backwards=after is None)
        if len(found.ids) == count or found.stopped_at is None:
            break
    return search, found
