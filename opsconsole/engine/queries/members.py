"""How the members of batches stand, without reading every member."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection

from opsconsole.engine.models import Batch
from opsconsole.engine.sql import statement
from opsconsole.engine.states import CANCELLED, ERROR, SUCCESS

BOUND = 10_000


@dataclass(frozen=True, slots=True)
class Members:
    """Members of one batch by status; `healed` are failed ones whose reprocessing succeeded.

    When `is_bounded`, counting stopped at BOUND and the number of successes is not known.
    """

    counts: dict[str, int] = field(default_factory=dict)
    is_bounded: bool = False

    @property
    def finished(self) -> int:
        return sum(self.counts.get(status, 0) for status in (SUCCESS, "healed", ERROR, CANCELLED))


def member_counts(batches: Iterable[UUID]) -> dict[UUID, Members]:
    """Counts for each of these batches, which must be few; at most BOUND unsuccessful members are looked at."""
    sizes = dict(Batch.objects.filter(id__in=list(batches)).values_list("id", "size"))
    if not sizes:
        return {}
    unmet: defaultdict[UUID, dict[str, int]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(statement("read_member_counts"), {"batches": list(sizes), "bound": BOUND + 1})
        for batch, status, count in cursor.fetchall():
            unmet[batch][status] = count
    return {batch: _members(unmet[batch], size) for batch, size in sizes.items()}


def _members(counts: dict[str, int], size: int) -> Members:
    looked_at = sum(counts.values())
    if looked_at > BOUND:
        return Members(counts, is_bounded=True)
    success = {SUCCESS: size - looked_at} if size > looked_at else {}
    return Members({**success, **counts})
