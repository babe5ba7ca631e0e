"""Wake-ups: a NOTIFY in a transaction of its own, after the writing transaction committed.

Inside the business transaction it would hold a cluster-wide lock across the WAL flush. A wake-up may be lost
without harm: the dispatcher's poll finds the work.
"""

import logging
import os
import threading
from functools import partial

from django.db import connection, transaction

from opsconsole.engine.configuration import configuration

logger = logging.getLogger(__name__)

CHANNEL = "ops_engine"
EVENTS = "@events"  # no queue may be called so
TIMER = "@timer"  # something will be due later: the dispatcher sets its timer again
COALESCE = 0.01  # seconds between two notifications of one process, at least
BUSIEST = 0.04  # the same while one follows another: there is no hurry then, workers are awake


def after_commit(queue: str) -> None:
    """Once the current transaction has committed, tell the dispatcher that `queue` has work."""
    if configuration().wake_up != "off":  # triggers tell of new rows only
        transaction.on_commit(partial(_notifier.wake, queue), robust=True)


class Notifier:
    """One thread with a connection of its own a process; survives forks by starting anew."""

    def __init__(self) -> None:
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._wanted: set[str] = set()
        self._condition = threading.Condition()
        self._thread: threading.Thread | None = None

    def wake(self, queue: str) -> None:
        with self._condition:
            self._wanted.add(queue)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="ops-notifier", daemon=True)
                self._thread.start()
            self._condition.notify()

    def _run(self) -> None:
        pause, silence = threading.Event(), COALESCE
        while True:
            with self._condition:
                silence = min(2 * silence, BUSIEST) if self._wanted else COALESCE
                while not self._wanted:
                    self._condition.wait()
                wanted, self._wanted = self._wanted, set()
            self._notify(wanted)
            pause.wait(silence)

    def _notify(self, queues: set[str]) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_notify(%s, queue) FROM unnest(%s::text[]) AS queue", [CHANNEL, list(queues)])
        except Exception as error:  # a lost wake-up costs latency only
            logger.warning("wake-up of %s lost: %s", sorted(queues), error, extra={"action": "wake_up.lost"})
            connection.close()


_notifier = Notifier()
