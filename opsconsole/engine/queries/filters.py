"""What lists can be narrowed by, and which index each condition walks along."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Exists, Model, OuterRef, Q

from opsconsole.engine.models import Command
from opsconsole.engine.queries.windows import ROWS, Chosen, Search, Walk
from opsconsole.engine.states import AWAITING, CANCELLED, ERROR, PENDING, PROCESSING, SUCCESS
from opsconsole.kernel.identifiers import uuid7_floor

Table = type[Model]

FEW = 10_000  # so many commands are few enough to start from, when their events are looked for
PROBES = 1_500  # events whose commands are probed in one walk


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What every list can be narrowed by; empty means any. `since` and `until` are about creation,
    `ended_since` and `ended_until` about the end."""

    END: ClassVar = "finished_at"

    status: str = ""
    type: str = ""
    tenant: str = ""
    since: datetime | None = None
    until: datetime | None = None
    ended_since: datetime | None = None
    ended_until: datetime | None = None
    correlation_id: UUID | None = None
    cause_id: UUID | None = None

    def within(self) -> Q:
        """The range of ids that the time range means."""
        since = Q(id__gte=uuid7_floor(self.since)) if self.since else Q()
        untils = [until for until in (self.until, self.ended_until) if until]  # what ended before was made before
        return since & Q(id__lt=uuid7_floor(min(untils))) if untils else since

    def ended(self) -> Q:
        """The time range of the end, which no index orders."""
        since = Q(**{f"{self.END}__gte": self.ended_since}) if self.ended_since else Q()
        return since & Q(**{f"{self.END}__lt": self.ended_until}) if self.ended_until else since

    def drives(self) -> list[Q]:
        """The conditions that an index backs in the order of ids, the most selective first.

        The tenant is one, and the last: what a search that was cut names is then a row of that tenant.
        """
        wanted = {"correlation_id": self.correlation_id, "cause_id": self.cause_id}
        return [Q(**{name: value}) for name, value in wanted.items() if value]

    def searches(self, model: Table, limit: int = ROWS) -> list[Search]:
        """Ways to find the matching rows, the most promising first."""
        return [*self._walks(model, limit)]

    def _walks(self, model: Table, limit: int) -> list[Walk]:
        drives = self.drives() or [Q()]
        keep = self._keep() & self.ended()
        return [
            Walk(model, drive, _all(other for other in drives if other != drive) & keep, self.within(), limit)
            for drive in drives
        ]

    def _keep(self) -> Q:
        """The conditions without such an index."""
        return Q()


@dataclass(frozen=True, kw_only=True)
class EventFilter(Filter):
    """`enqueued` is the status of a command that the event set off."""

    enqueued: str = ""

    def drives(self) -> list[Q]:
        drives = super().drives()
        if self.status in (PENDING, ERROR):
            drives.append(Q(status=self.status))
        if self.status == PROCESSING:
            drives.append(Q(claim_id__isnull=False))
        return drives + _named(self)

    def searches(self, model: Table, limit: int = ROWS) -> list[Search]:
        if not self.enqueued:
            return super().searches(model, limit)
        commands = Command.objects.filter(cause_kind="event", **_by_status(self.enqueued))
        if self.enqueued in (AWAITING, PENDING, PROCESSING, ERROR, CANCELLED):
            causes = list(commands.order_by("-id").values_list("cause_id", flat=True)[: FEW + 1])
            if len(causes) <= FEW:
                rest = _all(self.drives()) & self._keep() & self.ended() & self.within()
                return [Chosen(model, tuple({cause for cause in causes if cause}), rest)]
        # The second condition is always true; it keeps the planner from reading all commands into a hash first.
        has_one = Q(Exists(commands.filter(cause_id=OuterRef("id")).exclude(id=OuterRef("id"))))
        return [replace(walk, keep=walk.keep & has_one) for walk in self._walks(model, PROBES)]

    def _keep(self) -> Q:
        return Q(status=self.status) if self.status and self.status not in (PENDING, ERROR) else Q()


@dataclass(frozen=True, kw_only=True)
class CommandFilter(Filter):
    """`condition` is "retrying" (failed before, waits for its next try) or "unhealed" (failed for good, and no
    reprocessing has succeeded); `batch_id` means its members, not what reprocesses them."""

    queue: str = ""
    condition: str = ""
    batch_id: UUID | None = None

    def drives(self) -> list[Q]:
        drives = super().drives()
        if self.batch_id:
            drives.append(Q(batch_id=self.batch_id))
            if self.status and self.status != SUCCESS:  # rare ones, found by state and sorted
                drives.append(Q(batch_id=self.batch_id, status=self.status))
        if self.status in (AWAITING, PENDING, ERROR, CANCELLED):
            drives.append(Q(status=self.status))
        if self.status == PROCESSING:
            drives.append(Q(claim_id__isnull=False))
        if self.condition:
            drives.append(Q(status=PENDING if self.condition == "retrying" else ERROR))
        return drives + _named(self)

    def _keep(self) -> Q:
        keep = Q(queue=self.queue) if self.queue else Q()
        if self.batch_id:
            keep &= ~Q(cause_kind="reprocess")
        if self.status == SUCCESS:
            keep &= Q(status=self.status)
        if self.condition == "retrying":
            keep &= Q(attempts__gt=0)
        if self.condition == "unhealed":
            keep &= Q(healed_by__isnull=True) & ~Q(cause_kind="reprocess")
        return keep


@dataclass(frozen=True, kw_only=True)
class BatchFilter(Filter):
    """`type` is the batch's name."""

    END: ClassVar = "settled_at"

    def drives(self) -> list[Q]:
        drives = super().drives()
        if self.type:
            drives.append(Q(name=self.type))
        if self.status and self.status != SUCCESS:
            drives.append(Q(status=self.status))
        return drives + ([Q(tenant=self.tenant)] if self.tenant else [])

    def _keep(self) -> Q:
        return Q(status=self.status) if self.status == SUCCESS else Q()


@dataclass(frozen=True, kw_only=True)
class WorkflowFilter(Filter):
    """`type` is the workflow's name."""

    END: ClassVar = "settled_at"

    def drives(self) -> list[Q]:
        correlation = [Q(correlation_id=self.correlation_id)] if self.correlation_id else []
        status = [Q(status=self.status)] if self.status and self.status != SUCCESS else []
        return correlation + status + ([Q(tenant=self.tenant)] if self.tenant else [])

    def _keep(self) -> Q:
        wanted = {"name": self.type, "cause_id": self.cause_id}
        if self.status == SUCCESS:
            wanted["status"] = self.status
        return _all(Q(**{name: value}) for name, value in wanted.items() if value)


def _named(wanted: Filter) -> list[Q]:
    named = {"type": wanted.type, "tenant": wanted.tenant}
    return [Q(**{name: value}) for name, value in named.items() if value]


def _by_status(status: str) -> dict[str, Any]:
    return {"status": status, **({"claim_id__isnull": False} if status == PROCESSING else {})}


def _all(conditions: Iterable[Q]) -> Q:
    together = Q()
    for condition in conditions:
        together &= condition
    return together
