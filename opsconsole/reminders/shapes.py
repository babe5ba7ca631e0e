"""Reminders as other programs write and read them."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from opsconsole.api.bodies import WHOLE, Body, Shown
from opsconsole.api.parameters import Moment
from opsconsole.reminders.models import ReminderRow
from opsconsole.reminders.reminder import Reminder
from opsconsole.reminders.states import ACTIVE
from opsconsole.reminders.timers import MOST, Timer

State = Literal["Active", "Completed", "Failed", "Cancelled"]
Unit = Annotated[int, Field(strict=True, ge=0, le=MOST), WHOLE]


class Length(Body):
    """So long from now."""

    hours: Unit = 0
    minutes: Unit = 0
    seconds: Unit = Field(0, examples=[30])

    def timer(self) -> Timer:
        """Raises BadTime."""
        return Timer.of(self.hours, self.minutes, self.seconds)


class When(Length):
    """So long from now, or at a moment."""

    at: Moment | None = Field(None, examples=[None], description="A moment, in place of hours, minutes and seconds.")

    def time(self) -> dict[str, Any]:
        """As the operations want it; raises BadTime."""
        if self.at is None:
            return {"timer": self.timer()}
        has_length = bool(self.hours or self.minutes or self.seconds)
        return {"at": self.at, "timer": self.timer() if has_length else None}


class NewReminder(When):
    address: Annotated[str, Field(max_length=2_000)] = Field(
        examples=["https://partner.example/inbox"],
        description="Called with POST, the reminder's id appended as one more segment of its path.",
    )
    tenant: Annotated[str, Field(max_length=100)] | None = None


class Why(Body):
    reason: Annotated[str, Field(max_length=500)] = Field("", description="Kept with what is done.")


class NewTime(When, Why):
    pass


class Delay(Length, Why):
    pass


class ReminderShown(Shown):
    """`timeLeft` are the seconds until it is due: 0 for one that is due or has ended. The attempts, the last answer and
    the next try are those of its present time."""

    id: UUID
    status: State
    time_left: float
    address: str
    scheduled_at: datetime
    attempts: int
    status_code: int | None
    problem: str
    next_try_at: datetime | None
    version: int
    tenant: str

    @classmethod
    def of(cls, one: Reminder | ReminderRow, now: datetime) -> Self:
        """Of the aggregate, or of its row in the list."""
        identifier = one.pk if isinstance(one, ReminderRow) else one.identifier
        left = (one.scheduled_at - now) / timedelta(seconds=1) if one.status == ACTIVE and one.scheduled_at else 0.0
        same = ("status", "address", "scheduled_at", "attempts", "status_code", "problem", "next_try_at", "version")
        shown = {name: getattr(one, name) for name in same}
        return cls(id=identifier, time_left=max(0.0, left), tenant=one.tenant, **shown)


class Happened(Shown):
    """An event of a reminder, as its stream has it."""

    version: int
    type: str = Field(examples=["reminders.defined"])
    occurred_at: datetime
    data: dict[str, Any]


class RemindersWanted(BaseModel):
    status: State | None = None
    cursor: UUID | None = Field(None, description="Where the page before ended: part of its `next`.")
    limit: Annotated[int, Field(ge=1)] | None = Field(None, description="Reminders of a page; there is a most.")


class WantedEvents(BaseModel):
    cursor: Annotated[int, Field(ge=0, le=2**31 - 1)] = Field(0, description="The events behind this version.")
