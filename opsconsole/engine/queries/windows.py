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

ROWS = 10_000  # looked at in one walk, at most


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

    def _rows(self, backwards: bool) -> QuerySet[Any, Any]:
        matches = ExpressionWrapper(self.keep, BooleanField()) if self.keep else Value(True)
        rows = self.model._default_manager.filter(self.drive, self.within).annotate(matches=matches)
        walk: QuerySet[Any, Any] = rows.order_by("-id" if backwards else "id").values("id", "matches")
        return walk[: self.limit]


def _uuid_edge(name: str) -> str:
    """PostgreSQL before 18 has no min() and max() of uuid."""
    return f"{name}(id::text)::uuid"


def best(walks: Sequence[Walk], count: int, beyond: Q | None = None, *, backwards: bool = True) -> tuple[Walk, Found]:
    """The first walk that fills the page or comes to its end, else the last one; and what it found.

    `beyond` narrows the ids, for going on from a page.
    """
    for walk in walks:
        found = replace(walk, within=walk.within & (beyond or Q())).find(count, backwards=backwards)
        if len(found.ids) == count or found.stopped_at is None:
            break
    return walk, found
