"""Lists of process instances: by what they can be narrowed, and which of them are stuck or overdue."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import and_, attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Model, Q

from opsconsole.engine.queries.filters import Filter
from opsconsole.engine.queries.names import names_in
from opsconsole.engine.queries.present import database_now
from opsconsole.engine.queries.windows import ROWS, Bounded, Chosen, Search, Walk
from opsconsole.streams.models import Process
from opsconsole.streams.moves import PROCESSES
from opsconsole.streams.processes import ProcessManager
from opsconsole.streams.sql import statement

LIVE, ENDED, STUCK, OVERDUE = "live", "ended", "stuck", "overdue"
CONDITIONS = (LIVE, ENDED, STUCK, OVERDUE)
GRACE = timedelta(seconds=5)  # a deadline that has passed is dealt with in a second or two
FEW = 10_000  # so many instances are few enough to be found by their time and put in the order of their ids

LISTED = Process.objects.defer("state")


@dataclass(frozen=True, kw_only=True)
class ProcessFilter(Filter):
    """`condition` is one of CONDITIONS."""

    subject: str = ""
    condition: str = ""

    def drives(self) -> list[Q]:
        live = [Q(is_live=True)] if self.condition in (LIVE, STUCK, OVERDUE) else []
        return self._named() + live + self._of_tenant()

    def searches(self, model: type[Model], limit: int = ROWS) -> list[Search]:
        if self.condition not in (STUCK, OVERDUE):
            return super().searches(model, limit)
        now = database_now()
        found, condition = (_stuck, stuck(now)) if self.condition == STUCK else (_overdue, overdue(now))
        ids = tuple(row.id for row in found(now, FEW + 1))
        if len(ids) <= FEW:
            return [Chosen(model, ids, reduce(and_, self._named() + self._of_tenant(), self.within()))]
        rest = reduce(and_, self.drives(), condition)
        return [Walk(model, drive, rest, self.within(), limit) for drive in self.drives()]

    def _named(self) -> list[Q]:
        wanted = {"subject": self.subject, "status": self.status, "type": self.type}
        return [Q(**{name: value}) for name, value in wanted.items() if value]

    def _of_tenant(self) -> list[Q]:
        return [Q(tenant=self.tenant)] if self.tenant else []

    def _keep(self) -> Q:
        return Q(is_live=False) if self.condition == ENDED else Q()


def counts(tenant: str = "") -> dict[str, Bounded]:
    """How many there are in each condition, counted up to a bound; "" is all of them."""
    wanted = {condition: ProcessFilter(condition=condition, tenant=tenant) for condition in ("", *CONDITIONS)}
    return {condition: one.searches(Process)[0].count() for condition, one in wanted.items()}


def condition_of(process: Process, now: datetime) -> str:
    """The one of CONDITIONS that matters most about it."""
    if not process.is_live:
        return ENDED
    if process.deadline_at is not None and process.deadline_at < now - GRACE:
        return OVERDUE
    return STUCK if process.moved_at < now - patience_of(process.type) else LIVE


def patience_of(type_name: str) -> timedelta:
    """How long an instance of a type may stay where it is; of a type without code, what others may unless they say."""
    return (PROCESSES.find(type_name) or ProcessManager).stuck_after


def stuck(now: datetime) -> Q:
    """Live, where they are for longer than their type allows, and not overdue."""
    patience = {name: process.stuck_after for name, process in PROCESSES}
    late = ~Q(type__in=list(patience)) & Q(moved_at__lt=now - ProcessManager.stuck_after)
    for name, longest in patience.items():
        late |= Q(type=name, moved_at__lt=now - longest)
    return Q(is_live=True) & late & ~overdue(now)


def overdue(now: datetime) -> Q:
    """Those whose deadline has passed and was not dealt with."""
    return Q(deadline_at__lt=now - GRACE)


class Waiting(NamedTuple):
    """An instance that needs a look, and since when."""

    type: str
    id: UUID
    since: datetime


def _stuck(now: datetime, most: int) -> list[Waiting]:
    """At most so many of each type, those that have waited for longest."""
    types = sorted({name for name, _ in PROCESSES} | {*names_in("ops_streams_process", "type")})
    parameters: dict[str, Any] = {
        "types": types,
        "moments": [now - patience_of(name) for name in types],
        "overdue": now - GRACE,
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement("stuck_processes"), parameters)
        return [Waiting(*row) for row in cursor.fetchall()]


def _overdue(now: datetime, most: int) -> list[Waiting]:
    """At most so many, those that have waited for longest."""
    late = Process.objects.filter(overdue(now)).order_by("deadline_at")
    return [Waiting(one.type, one.id, one.deadline_at or now) for one in late.only("type", "deadline_at")[:most]]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Instances of one type that need a look: how many, and the one that has waited for longest, since when."""

    type: str
    condition: str
    count: Bounded
    oldest: UUID
    since: datetime


def troubles(most: int = 1_000) -> Iterator[Trouble]:
    """What is overdue and what is stuck, by type."""
    now = database_now()
    for condition, found in ((OVERDUE, _overdue(now, most + 1)), (STUCK, _stuck(now, most + 1))):
        is_cut = condition == OVERDUE and len(found) > most
        for type_name in sorted({one.type for one in found}):
            of_type = sorted((one for one in found if one.type == type_name), key=attrgetter("since"))
            count = Bounded(min(len(of_type), most), is_cut or len(of_type) > most)
            yield Trouble(type_name, condition, count, of_type[0].id, of_type[0].since)
