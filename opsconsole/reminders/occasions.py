"""Whether a reminder's call is still wanted when its time has come."""

from collections.abc import Sequence
from dataclasses import dataclass

from opsconsole.engine.faults import is_connection_lost
from opsconsole.reminders.commands import CallBack
from opsconsole.reminders.reminder import Reminder
from opsconsole.streams import load, versions_of

FRESH = Reminder(status="Active")  # what the call for an occasion finds when nothing has happened since it was set


@dataclass(frozen=True, slots=True)
class Standing:
    """How a reminder stands when its time has come: as its stream has it."""

    state: Reminder
    obstacle: str = ""

    @property
    def attempt(self) -> int:
        return self.state.attempts + 1


def look(wanted: Sequence[CallBack]) -> list[Standing | Exception]:
    """Whether these calls are still wanted; the error for one that cannot be read. Of most it is known from the version
    alone: nothing has happened since."""
    streams = [Reminder.stream(one.reminder_id) for one in wanted]
    versions = versions_of(streams)
    return [_standing(one, versions.get(stream, 0)) for one, stream in zip(wanted, streams, strict=True)]


def _standing(wanted: CallBack, version: int) -> Standing | Exception:
    if version == wanted.occasion:
        return Standing(FRESH.with_(reminder_id=wanted.reminder_id, occasion=wanted.occasion))
    try:
        state = load(Reminder, wanted.reminder_id).state
    except Exception as error:
        if is_connection_lost(error):
            raise
        return error
    return Standing(state, state.obstacle(wanted))
