"""A page of events, applied under the lock of its subscription."""

from opsconsole.streams import parking
from opsconsole.streams.turns import Turn
from opsconsole.streams.windows import read_window


def apply(turn: Turn, upto: int) -> None:
    """Apply the next events, no further than position `upto`, but those whose streams are parked; and keep the
    position. Raises what an event raises, and Gap."""
    window = read_window(turn.position, upto, turn.follower.types)
    events = window.events
    if parked := parking.parked_among(turn, events):
        parking.set_aside(turn, [event for event in events if parking.key_of(event) in parked])
        events = [event for event in events if parking.key_of(event) not in parked]
    turn.follower.apply(events)
    turn.advance(window.last, len(events))
