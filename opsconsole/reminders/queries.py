"""Reminders as lists show them. Every read is bounded."""

from uuid import UUID

from opsconsole.reminders.models import ReminderRow


def newest(*, status: str, tenant: str, before: UUID | None, size: int) -> tuple[list[ReminderRow], UUID | None]:
    """A page, the newest first, and where the next one goes on, if there is one."""
    rows = ReminderRow.objects.order_by("-id")
    if tenant:
        rows = rows.filter(tenant=tenant)
    if status:
        rows = rows.filter(status=status)
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows[: size + 1])
    return found[:size], found[size - 1].pk if len(found) > size else None
