"""Everything that one cause set off: read by correlation, bounded however large the flow is."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from opsconsole.engine.models import Command, Step
from opsconsole.engine.queries.items import KINDS, Item, by_id, read
from opsconsole.engine.queries.members import member_counts

SCAN = 2_000  # rows of a table looked at from each end of a flow, and on each side of the focus
WINDOW = 200  # how many of these are taken; members of batches are passed over
CHILDREN = 100
GENERATIONS = 12  # rounds of looking up causes that lie outside the windows

Key = tuple[str, UUID]


@dataclass(slots=True)
class Flow:
    """The items of one correlation id.

    Members of batches are left out, except the focus and what it reprocesses or is reprocessed by;
    `member_of` maps members that were met to their batch. `is_cut`: there is more than was read. Of a flow that spans
    tenants, only what is of `tenant` is there, unless that is empty.
    """

    correlation_id: UUID
    focus: Key | None = None
    tenant: str = ""
    items: dict[Key, Item] = field(default_factory=dict)
    member_of: dict[UUID, UUID] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)
    is_cut: bool = False

    def add(self, items: Iterable[Item]) -> None:
        """Take items in; a member of a batch only when the focus is about it."""
        for item in items:
            if not self.shows(item.tenant):
                continue
            if item.batch_id is not None:
                self.member_of[item.id] = item.batch_id
            if item.batch_id is None or self._concerns_focus(item):
                self.items.setdefault((item.kind, item.id), item)

    def shows(self, tenant: str) -> bool:
        return self.tenant in ("", tenant)

    def cause_of(self, item: Item) -> Key | None:
        """What `item` is to be drawn after, among the items read; a member counts as its batch."""
        named = _cause(item)
        if named in self.items:
            return named
        batch = item.batch_id or (self.member_of.get(named[1]) if named else None)
        return ("batch", batch) if batch and ("batch", batch) in self.items else None

    def _concerns_focus(self, item: Item) -> bool:
        own = ("command", item.id)
        focus = self.items.get(self.focus) if self.focus else None
        return self.focus in {own, _root(item)} or (focus is not None and _root(focus) in {own, _root(item)} - {None})


def read_flow(correlation_id: UUID, focus: Key | None = None, tenant: str = "") -> Flow:
    """The flow around `focus`: its beginning and end, what surrounds the focus, and the causes of all these.

    Whose rows are shown is looked at before so many are taken: those of others leave no less for the tenant.
    """
    flow = Flow(correlation_id, focus, tenant)
    if focus is not None:
        _read_focus(flow, *focus)
    for kind in KINDS:
        flow.add(by_id(kind, _windows(flow, kind)))
    if flow.is_cut:
        batches = [id for kind, id in flow.items if kind == "batch"]
        nexts = Command.objects.filter(cause_id__in=batches, cause_kind="batch").order_by("cause_id", "id")
        flow.add(_first(flow, "command", nexts))
    _read_causes(flow)
    workflows = [id for kind, id in flow.items if kind == "workflow"]
    flow.steps = list(Step.objects.filter(workflow_id__in=workflows)[:WINDOW]) if workflows else []
    _count_members(flow)
    return flow


def _windows(flow: Flow, kind: str) -> set[UUID]:
    """The ids to take, by range scans of the index on (correlation_id, id), each with a limit."""
    rows = _along(KINDS[kind].rows(), correlation_id=flow.correlation_id)
    seen = _scan(kind, rows)
    if len(seen) == SCAN:
        head = max(seen)
        tail = _scan(kind, rows.reverse())
        flow.is_cut |= min(tail) > head
        seen |= tail
        if flow.focus is not None:
            seen |= _scan(kind, rows.filter(id__lt=flow.focus[1]).reverse())
            seen |= _scan(kind, rows.filter(id__gt=flow.focus[1]))
    batch_of = {id: batch for id, (tenant, batch) in seen.items() if flow.shows(tenant)}
    flow.member_of |= {id: batch for id, batch in batch_of.items() if batch is not None}
    ids = sorted(id for id, batch in batch_of.items() if batch is None)
    middle = bisect_left(ids, flow.focus[1]) if flow.focus else 0
    taken = {*ids[:WINDOW], *ids[-WINDOW:], *ids[max(0, middle - WINDOW) : middle + WINDOW]}
    flow.is_cut |= len(taken) < len(ids)
    return taken


def _along(rows: "QuerySet[Any]", **column: UUID) -> "QuerySet[Any]":
    """The rows with this value, in the order of ids.

    As a range of one value: then only the index on that column and id gives the order. Told that the column
    is equal to a frequent value, the planner walks the primary key instead, past every row of the table.
    """
    ((name, value),) = column.items()
    return rows.filter(**{f"{name}__range": (value, value)}).order_by(name, "id")


def _scan(kind: str, rows: "QuerySet[Any]") -> dict[UUID, tuple[str, UUID | None]]:
    """The tenant and the batch of each of the first rows."""
    if kind == "command":
        return {id: (tenant, batch) for id, tenant, batch in rows.values_list("id", "tenant", "batch_id")[:SCAN]}
    return {id: (tenant, None) for id, tenant in rows.values_list("id", "tenant")[:SCAN]}


def _first(flow: Flow, kind: str, rows: "QuerySet[Any]") -> list[Item]:
    """A few of these rows. As a condition of the statement, a tenant that has none would have them all looked at."""
    if not flow.tenant:
        return read(kind, rows[:CHILDREN])
    shown = [id for id, (tenant, _) in _scan(kind, rows).items() if flow.shows(tenant)]
    return by_id(kind, shown[:CHILDREN])


def _read_focus(flow: Flow, kind: str, id: UUID) -> None:
    """The item looked at, what it reprocesses, and what it caused, its reprocessings among that."""
    flow.add(by_id(kind, [id]))
    if root := _root(flow.items[kind, id]) if (kind, id) in flow.items else None:
        flow.add(by_id("command", [root[1]]))
    kinds = Q(cause_kind=kind) | Q(cause_kind="reprocess") if kind == "command" else Q(cause_kind=kind)
    for effect in ("event", "command", "batch"):
        flow.add(_first(flow, effect, _along(KINDS[effect].rows().filter(kinds), cause_id=id)))


def _read_causes(flow: Flow) -> None:
    """Look up what the items read so far name as their cause or batch, until nothing is missing."""
    asked: set[Key] = set()
    for _ in range(GENERATIONS):
        missing = {key for item in flow.items.values() for key in _named(flow, item)} - flow.items.keys() - asked
        asked |= missing
        for kind in {kind for kind, _ in missing}:
            flow.add(by_id(kind, [id for other, id in missing if other == kind]))
        if not missing:
            return


def _named(flow: Flow, item: Item) -> Iterator[Key]:
    """What `item` names as its cause and batch; for a cause that is a member, the batch of that."""
    if item.batch_id is not None:
        yield ("batch", item.batch_id)
    if cause := _cause(item):
        yield ("batch", flow.member_of[cause[1]]) if cause[1] in flow.member_of else cause


def _cause(item: Item) -> Key | None:
    """The item that `item` names as its cause; members of a batch come from their batch."""
    if item.cause_kind == "reprocess" and item.cause_id is not None:
        return ("command", item.cause_id)
    if item.batch_id is not None:
        return ("batch", item.batch_id)
    return (item.cause_kind, item.cause_id) if item.cause_kind in KINDS and item.cause_id else None


def _root(item: Item) -> Key | None:
    return _cause(item) if item.cause_kind == "reprocess" else None


def _count_members(flow: Flow) -> None:
    batches = {key: item for key, item in flow.items.items() if item.kind == "batch"}
    members = member_counts(item.id for item in batches.values())
    for key, item in batches.items():
        if known := members.get(item.id):
            flow.items[key] = replace(item, members=known.counts, more_members=known.is_bounded)
