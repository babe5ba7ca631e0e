"""Demonstrations: let things happen at random times, for ever."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from threading import Event

from django.db import InterfaceError, OperationalError, close_old_connections, connection

from opsconsole.kernel.tracing import Cause, acting_for

PAUSE_AFTER_TROUBLE = 1.0  # seconds

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that occurs about so often; `occur` does nothing when its time has not come yet."""

    per_minute: float
    occur: Callable[[Random], object]


def trickle(happenings: Sequence[Happening], stopped: Event, random: Random, *, rate: float) -> None:
    """A Poisson process over all happenings, `rate` times as busy as they say; ends once `stopped` is set."""
    weights = [happening.per_minute for happening in happenings]
    per_second = sum(weights) * rate / 60
    while not stopped.wait(random.expovariate(per_second)):
        (happening,) = random.choices(happenings, weights)
        if not _let_happen(happening, random):
            stopped.wait(PAUSE_AFTER_TROUBLE)


def _let_happen(happening: Happening, random: Random) -> bool:
    """False when the database is away; anything else that goes wrong is told and forgotten."""
    close_old_connections()
    try:
        with acting_for(Cause(kind="user", metadata={"actor": "demonstration"})):
            happening.occur(random)
    except (OperationalError, InterfaceError) as error:
        log.warning("the database is away: %s", error)
        connection.close()
        return False
    except Exception as error:
        log.warning("%s did not happen: %s", happening.occur.__name__, error)
    return True
