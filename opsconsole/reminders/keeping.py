"""No reminder stays active for ever: not even when its command ended without a word to it."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from opsconsole.engine.faults import is_connection_lost
from opsconsole.kernel import clock
from opsconsole.reminders.events import ReminderFailed
from opsconsole.reminders.reminder import Reminder
from opsconsole.reminders.sql import statement
from opsconsole.reminders.states import ACTIVE
from opsconsole.streams import decide

logger = logging.getLogger(__name__)

PATIENCE = 15.0  # seconds after the due time: what has just ended may not have reached the list
PAGE = 1_000  # looked at in a turn
MOST = 50  # ended in a turn: the dispatcher has more to do
START = (datetime(1, 1, 2, tzinfo=UTC), UUID(int=0))


class Overdue(NamedTuple):
    """An active reminder whose time has passed; `status` and what follows are those of its command that ended in vain,
    and None without such a one."""

    id: UUID
    scheduled_at: datetime
    occasion: int
    tenant: str
    status: str | None
    error_class: str | None
    error: str | None


@dataclass(slots=True)
class Round:
    """Goes through all that are overdue, a page a turn, round after round."""

    after: tuple[datetime, UUID] = START

    def go_on(self) -> int:
        """Let the abandoned ones of the next page fail; returns how many were found."""
        page, found = self._page(), 0
        for one in page:
            if one.status is not None:
                found += 1
                _end(one)
            self.after = one.scheduled_at, one.id
            if found == MOST:
                return found
        if len(page) < PAGE:
            self.after = START
        return found

    def _page(self) -> list[Overdue]:
        time, identifier = self.after
        bounds: dict[str, Any] = {"time": time, "id": identifier, "limit": PAGE}
        with connection.cursor() as cursor:
            cursor.execute(statement("abandoned_reminders"), {"now": clock.frozen(), "patience": PATIENCE, **bounds})
            return [Overdue._make(row) for row in cursor.fetchall()]


_round = Round()


def end_abandoned() -> int:
    """Let reminders fail whose command was cancelled, or given up with its workers; returns how many were found."""
    return _round.go_on()


def _end(one: Overdue) -> None:
    """One that cannot be read or decided about keeps nobody else from being ended."""
    reason = f"its command ended: {one.status}, {one.error_class} {one.error}".rstrip(", ")

    def fail(state: Reminder) -> ReminderFailed | None:
        return state.fail(reason) if state.status == ACTIVE and state.occasion == one.occasion else None

    try:
        decide(Reminder, one.id, fail, tenant=one.tenant)
    except Exception as error:
        if is_connection_lost(error):
            raise
        logger.exception("the abandoned reminder %s cannot be ended", one.id, extra={"action": "reminder.not_ended"})
