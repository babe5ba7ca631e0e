"""Hints to workers, carried by Celery: "this queue has work". Losing one costs latency only."""

import logging
import os
import time

from celery import current_app
from kombu.connection import Connection

from opsconsole.engine.extending import CHANNELS
from opsconsole.engine.waking import EVENTS

logger = logging.getLogger(__name__)

PREFIX = "ops."
SILENCE = 0.5  # seconds without a try after the broker did not answer
ONE_TRY = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}


def broker_queue(queue: str) -> str:
    """The name of the broker's queue that carries hints about an engine queue."""
    return PREFIX + ("events" if queue == EVENTS else queue)


class Hints:
    """Sends hints over one connection a process; while the broker is away it holds its tongue.

    A hint waits in the broker only while every worker is busy, so one a queue is enough: the broker never
    holds more, however much work there is.
    """

    def __init__(self) -> None:
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._connection: Connection | None = None
        self._silent_until = 0.0

    def send(self, queue: str) -> bool:
        """Ask a worker to drain `queue`; returns whether a hint is on its way."""
        if time.monotonic() < self._silent_until:
            return False
        try:
            self._send(queue)
        except Exception as error:  # whatever the broker suffers from, the next poll tries again
            logger.warning("no hint for %s, the broker is away: %s", queue, error, extra={"action": "hint.lost"})
            self._forget()
            self._silent_until = time.monotonic() + SILENCE
            return False
        return True

    def _send(self, queue: str) -> None:
        if self._connection is None:
            self._connection = current_app.connection_for_write()
            self._connection.transport_options = {**(self._connection.transport_options or {}), **ONE_TRY}
        name = broker_queue(queue)
        if self._connection.default_channel.client.llen(name):  # type: ignore[union-attr]
            return
        task, arguments = _task_of(queue)
        current_app.send_task(task, arguments, queue=name, connection=self._connection, retry=False)


def _task_of(queue: str) -> tuple[str, tuple[str, ...]]:
    if queue == EVENTS:
        return "opsconsole.react", ()
    channel = CHANNELS.find(queue)
    return (channel, ()) if channel else ("opsconsole.drain", (queue,))


hints = Hints()
