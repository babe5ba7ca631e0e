"""SLOW_DOWN=1: each step of a voiding waits, so that a person can watch it."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar

from opsconsole.engine import Command, Snooze, Work
from opsconsole.engine.outcomes import Outcome
from opsconsole.examples.billing.configuration import billing_settings
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import moment_of

C = TypeVar("C", bound=Command)
Handler = Callable[[C, Work], Outcome | None]


def slowly(handler: Handler[C]) -> Handler[C]:
    """Have a handler put its command off until that is old enough: it waits in its queue, not in a transaction."""

    @wraps(handler)
    def slowed(command: C, work: Work) -> Any:
        pause = timedelta(seconds=billing_settings().slow_down)
        wait = moment_of(work.id) + pause - clock.now()
        if pause and wait > timedelta():
            return Snooze(wait, "slowed down, to be watched")
        return handler(command, work)

    return slowed
