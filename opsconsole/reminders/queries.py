"""Reminders as lists show them. Every read is bounded."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

from opsconsole.engine.queries.windows import Bounded
from opsconsole.reminders.configuration import configuration
from opsconsole.reminders.models import ReminderRow
from opsconsole.reminders.states import ACTIVE, CANCELLED, COMPLETED, FAILED

PAGE = 50
COUNTED = 1_000
SOON = timedelta(hours=1)
GRACE = timedelta(seconds=5)  # until what is due is called, on a site that is well


def late_since(now: datetime) -> datetime:
    """What was due before, and what no call has come of, is late: to look a name up and to call take a timeout each."""
    return now - GRACE - timedelta(seconds=2 * configuration().timeout)


# Those that are due one after the other are listed by their time, the others the newest first
CONDITIONS: dict[str, Callable[[datetime], Q]] = {
    "due": lambda now: Q(status=ACTIVE, scheduled_at__gte=late_since(now), scheduled_at__lte=now, attempts=0),
    "soon": lambda now: Q(status=ACTIVE, scheduled_at__gt=now, scheduled_at__lt=now + SOON),
    "late": lambda now: (
        Q(status=ACTIVE, scheduled_at__lt=late_since(now)) & (Q(attempts=0) | Q(next_try_at__lt=late_since(now)))
    ),
    "retrying": lambda now: Q(status=ACTIVE, scheduled_at__lte=now, attempts__gt=0, next_try_at__gte=late_since(now)),
    "active": lambda now: Q(status=ACTIVE),
    "failed": lambda now: Q(status=FAILED),
    "completed": lambda now: Q(status=COMPLETED),
    "cancelled": lambda now: Q(status=CANCELLED),
}
BY_TIME = ("due", "soon", "late", "retrying", "active")


def newest(*, status: str, tenant: str, before: UUID | None, size: int) -> tuple[list[ReminderRow], UUID | None]:
    """A page, the newest first, and where the next one goes on, if there is one."""
    rows = ReminderRow.objects.order_by("-id")
    if tenant:
        rows = rows.filter(tenant=tenant)
    if status:
        rows = rows.filter(status=status)
    return _page(rows, before, size)


def in_condition(
    condition: str, tenant: str, now: datetime, before: UUID | None
) -> tuple[list[ReminderRow], UUID | None]:
    """A page of those in a condition ("" for all), and the last of it when there are others: the next due first, or the
    newest first."""
    rows = _narrowed(condition, tenant, now)
    if condition not in BY_TIME:
        return _page(rows.order_by("-id"), before, PAGE)
    last = ReminderRow.objects.filter(pk=before).first() if before else None
    if last is not None:
        rows = rows.filter(Q(scheduled_at__gt=last.scheduled_at) | Q(scheduled_at=last.scheduled_at, id__gt=last.pk))
    found = list(rows.order_by("scheduled_at", "id")[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None


def count(condition: str, tenant: str, now: datetime) -> Bounded:
    """How many are in a condition, counted up to a bound."""
    number = _narrowed(condition, tenant, now).order_by()[: COUNTED + 1].count()
    return Bounded(min(number, COUNTED), number > COUNTED)


def _narrowed(condition: str, tenant: str, now: datetime) -> QuerySet[ReminderRow]:
    rows = ReminderRow.objects.filter(CONDITIONS[condition](now)) if condition else ReminderRow.objects.all()
    return rows.filter(tenant=tenant) if tenant else rows


def _page(rows: QuerySet[ReminderRow], before: UUID | None, size: int) -> tuple[list[ReminderRow], UUID | None]:
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows[: size + 1])
    return found[:size], found[size - 1].pk if len(found) > size else None
