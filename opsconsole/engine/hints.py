"""Hints to workers, carried by Celery: "this queue has work". Losing one costs latency only."""

import logging
import time

from celery import current_app

from opsconsole.engine.waking import EVENTS

logger = logging.getLogger(__name__)

PREFIX = "ops."
WAITING_IS_ENOUGH = 1  # hints in the broker at once, a queue: one waits only while every worker is busy


def broker_queue(queue: str) -> str:
    """The name of the broker's queue that carries hints about an engine queue."""
    return PREFIX + ("events" if queue == EVENTS else queue)


class Hints:
    """Sends hints, never more than the workers can take up; while the broker is away it holds its tongue."""

    def __init__(self) -> None:
        self.silent_until = 0.0

    def send(self, queue: str) -> bool:
        """Ask a worker to drain `queue`; returns whether a hint is on its way."""
        if time.monotonic() < self.silent_until:
            return False
        name = broker_queue(queue)
        task, arguments = ("opsconsole.react", ()) if queue == EVENTS else ("opsconsole.drain", (queue,))
        try:
            with current_app.connection_or_acquire() as connection:
                waiting = connection.default_channel.client.llen(name)
                if waiting < WAITING_IS_ENOUGH:
                    current_app.send_task(task, arguments, queue=name, connection=connection, retry=False)
            return True
        except Exception as error:  # whatever the broker suffers from, the next poll tries again
            logger.warning("no hint for %s, the broker is away: %s", queue, error, extra={"action": "hint.lost"})
            self.silent_until = time.monotonic() + 0.5
            return False


hints = Hints()
