"""No reminder stays active for ever: not even when its command ended without a word to it."""

from uuid import UUID

from django.db import connection

from opsconsole.kernel import clock
from opsconsole.reminders.events import ReminderFailed
from opsconsole.reminders.reminder import Reminder
from opsconsole.reminders.sql import statement
from opsconsole.reminders.states import ACTIVE
from opsconsole.streams import decide

PATIENCE = 15.0  # seconds after the due time: what has just ended may not have reached the list
MOST = 500  # at once


def end_abandoned() -> int:
    """Let reminders fail whose command was cancelled, or given up with its workers; returns how many were found."""
    parameters = {"now": clock.frozen(), "patience": PATIENCE, "most": MOST}
    with connection.cursor() as cursor:
        cursor.execute(statement("abandoned_reminders"), parameters)
        found = cursor.fetchall()
    for identifier, occasion, tenant, status, error_class, error in found:
        _fail(identifier, occasion, tenant, f"its command ended: {status}, {error_class} {error}".rstrip(", "))
    return len(found)


def _fail(identifier: UUID, occasion: int, tenant: str, reason: str) -> None:
    def fail(state: Reminder) -> ReminderFailed | None:
        return state.fail(reason) if state.status == ACTIVE and state.occasion == occasion else None

    decide(Reminder, identifier, fail, tenant=tenant)
