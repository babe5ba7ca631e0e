"""A page that failed, event by event: what succeeds is kept, and the one that fails is known by name."""

import logging
from collections.abc import Callable
from functools import partial

from django.db import OperationalError, connection, transaction

from opsconsole.engine.faults import OWN_FAILURES, Fault, is_connection_lost, noticing_a_lost_connection
from opsconsole.engine.partitions import NoPartition
from opsconsole.kernel import clock
from opsconsole.streams import parking, rebuilding
from opsconsole.streams.recorded import Recorded
from opsconsole.streams.sql import statement
from opsconsole.streams.turns import Turn, lock
from opsconsole.streams.windows import Gap, Window, event_at, read_window

logger = logging.getLogger(__name__)

# Of the machine, such as a conflict, a time limit, a full disk: not the event's fault, whatever the policy says
TROUBLE = (OperationalError, NoPartition, MemoryError)
TROUBLE_TRIES = 5
TROUBLE_DELAY = 1.0  # seconds


class WorkersLost(Exception):
    """Whoever applies this event, or exchanges rebuilt tables, does not live to tell."""

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} workers were lost with it")


def apply_one_by_one(name: str) -> bool:
    """Apply the next page up to the event that fails; then stop there, try it again later, or park its stream.

    Returns whether the subscription goes on at once.
    """
    with transaction.atomic(durable=True):
        turn = lock(name)
        if turn is None or turn.has_nothing_to_do:
            return False
        window = _read(turn)
        if window is None:
            return False
        may_exchange = turn.may_exchange
        parked, aside = parking.parked_among(turn, window.events), []
        for number, recorded in enumerate(window.events):
            if parking.key_of(recorded) in parked:
                aside.append(recorded)
                continue
            error = _attempt(partial(turn.follower.apply, [recorded]))
            if error is not None:
                parking.set_aside(turn, aside)
                return _deal_with(turn, recorded, error, number - len(aside))
        parking.set_aside(turn, aside)
        turn.advance(window.last, len(window.events) - len(aside))
        if may_exchange and turn.is_at_the_end:
            return _exchange(turn)
    return True


def _exchange(turn: Turn) -> bool:
    """Exchange rebuilt tables; a failure is nobody's event, but stops the rebuild as loudly."""
    position = turn.position
    error = _attempt(partial(rebuilding.exchange, turn))
    if error is not None:
        _stop(turn, position, error)
    return False


def _read(turn: Turn) -> Window | None:
    """The next page, or what of it lies before a gap; None when there is nothing but a reason to stop."""
    if turn.is_hopeless:
        _stop(turn, min(turn.position + 1, turn.head), WorkersLost(turn.tries - 1))
        return None
    try:
        return read_window(turn.position, turn.upto, turn.follower.types)
    except Gap as gap:
        if gap.position > turn.position + 1:
            return read_window(turn.position, gap.position - 1, turn.follower.types)
        _stop(turn, gap.position, gap)
        return None


def _attempt(perform: Callable[[], None]) -> BaseException | None:
    try:
        with noticing_a_lost_connection(), transaction.atomic():
            perform()
            connection.check_constraints()  # the deferred ones: at the COMMIT they would fail for all events
    except OWN_FAILURES as error:
        if is_connection_lost(error):
            raise
        return error
    return None


def _deal_with(turn: Turn, recorded: Recorded, error: BaseException, applied: int) -> bool:
    """Keep what was applied before the failing event, and decide what becomes of it."""
    follower, position = turn.follower, int(recorded.position or 0)
    if position - 1 > turn.position:
        turn.advance(position - 1, applied)
        turn.failures = 0
    tries = turn.failures + 1
    try:
        delay = follower.retry.delay(tries) if follower.retry.covers(error) else None
    except Exception as broken:  # the policy is the host's code
        error, delay = broken, None
    if tries < follower.retry.max_attempts and delay is not None:
        _put_off(turn, position, error, delay)
    elif isinstance(error, TROUBLE) and tries < TROUBLE_TRIES:
        _put_off(turn, position, error, TROUBLE_DELAY)
    elif follower.on_failure == "park":
        parking.park(turn, recorded, Fault.of(error))
        turn.advance(position, 0)
        return True
    else:
        _stop(turn, position, error)
    return False


def _stop(turn: Turn, position: int, error: BaseException) -> None:
    logger.error(
        "subscription %s stopped at position %s: %s", turn.name, position, error, extra={"action": "subscription.stop"}
    )
    _put_off(turn, position, error, None)


def _put_off(turn: Turn, position: int, error: BaseException, delay: float | None) -> None:
    fault, event = Fault.of(error), event_at(position)
    with connection.cursor() as cursor:
        cursor.execute(
            statement("stop_subscription"),
            {
                "name": turn.name,
                "position": position,
                "event_id": event[0] if event else None,
                "delay": delay,
                "error_class": fault.error_class,
                "error": fault.message,
                "traceback": fault.traceback,
                "now": clock.frozen(),
            },
        )
