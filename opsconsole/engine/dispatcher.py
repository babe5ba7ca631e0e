"""The dispatcher: one LISTEN connection and timers. It wakes workers, sequences the log, fires what is due,
sweeps what was lost, and keeps partitions and rollups. Any number may run; one leads, the others stand by."""

import logging
import os
import random
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import psycopg
from django.db import Error as DatabaseError
from django.db import connection

from opsconsole.engine import extending, leadership, rollups, sequencing, sweeping, waking
from opsconsole.engine.configuration import configuration
from opsconsole.engine.faults import is_connection_lost
from opsconsole.engine.hints import hints
from opsconsole.engine.partitions import ensure_partitions
from opsconsole.engine.sql import statement

logger = logging.getLogger(__name__)

LOOK_EVERY = 0.05  # seconds between two looks, at least, however many timers are set
STATEMENT_TIMEOUT = "30s"  # one hung statement must not stop all maintenance


@dataclass(slots=True)
class Duty:
    """Something done every `interval` seconds."""

    name: str
    interval: float
    perform: Callable[[], object]
    next_at: float = 0.0


@dataclass(slots=True)
class Dispatcher:
    """Run it with `run()`; `stop()` ends it from a signal handler.

    The name is random in part: in two containers, host and process number may be the same.
    """

    name: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}")
    stopping: bool = False
    next_due: float = 0.0  # monotonic: when to look for due commands, at the latest
    looked_at: float = 0.0

    def run(self) -> None:
        """Work until stopped; a lost database connection is taken up again."""
        duties = self.duties()
        while not self.stopping:
            try:
                with self.listen() as listener:
                    self.attend(listener, duties)
            except (psycopg.Error, DatabaseError) as error:
                logger.warning("database away: %s", error, extra={"action": "dispatcher.disconnected"})
            except Exception:
                logger.exception("dispatcher stumbled", extra={"action": "dispatcher.failed"})
            connection.close()
            if not self.stopping:
                time.sleep(0.2 + random.random() * 0.3)  # noqa: S311 - spreads reconnects
        self.leave()

    def stop(self) -> None:
        self.stopping = True

    def duties(self) -> list[Duty]:
        settings = configuration()
        return [
            Duty("poll", settings.poll, self.poll),
            Duty("sweep", settings.sweep, sweeping.sweep),
            Duty("repair", 5 * settings.sweep, sweeping.repair),
            Duty("rollup", 15.0, partial(rollups.roll_up, seconds=1.0)),
            Duty("merge", 600.0, rollups.merge),
            Duty("partitions", 3600.0, ensure_partitions),
            Duty("forget", 30.0, sweeping.forget_the_gone),
            *(Duty(name, regular.interval, regular.perform) for name, regular in extending.DUTIES),
        ]

    def listen(self) -> "psycopg.Connection[tuple[object, ...]]":
        """The connection that hears wake-ups; it must be direct, not through a transaction pooler."""
        parameters = connection.get_connection_params()
        for foreign in ("cursor_factory", "context", "prepare_threshold"):
            parameters.pop(foreign, None)
        listener = psycopg.connect(**parameters, autocommit=True)
        listener.execute(f"LISTEN {waking.CHANNEL}")
        return listener

    def attend(self, listener: "psycopg.Connection[tuple[object, ...]]", duties: list[Duty]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'")
        leads_until = 0.0
        for duty in duties:
            duty.next_at = 0.0
        while not self.stopping:
            if time.monotonic() >= leads_until - leadership.TERM + 1.0:
                leads_until = time.monotonic() + leadership.TERM if self.seek_lead() else 0.0
            if not leads_until:
                for _ in listener.notifies(timeout=1.0):
                    pass  # a stand-by hears all there is, and lets the leader act
                continue
            self.perform(duties)
            queues = self.hear(listener, min(duty.next_at for duty in duties))
            if queues:
                self.wake(queues)

    def seek_lead(self) -> bool:
        """Renew the lead or try to get it, and say that this process is alive."""
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO ops_engine_runner (name, kind, host, pid) VALUES (%s, 'dispatcher', %s, %s)"
                " ON CONFLICT (name) DO UPDATE SET seen_at = statement_timestamp(), kind = 'dispatcher'",
                [self.name, socket.gethostname(), os.getpid()],
            )
        return leadership.lead(self.name)

    def perform(self, duties: list[Duty]) -> None:
        for duty in duties:
            now = time.monotonic()
            if now >= duty.next_at or (duty.name == "poll" and now >= self.next_due):
                duty.next_at = now + duty.interval * random.uniform(0.9, 1.1)  # noqa: S311 - jitter
                self.attempt(duty.name, duty.perform)

    def attempt(self, name: str, perform: Callable[[], object]) -> None:
        """Perform a duty; its failure is logged and keeps no other from being done."""
        try:
            perform()
        except Exception as error:
            if is_connection_lost(error):
                raise
            logger.exception("duty %s failed", name, extra={"action": "dispatcher.failed"})

    def hear(self, listener: "psycopg.Connection[tuple[object, ...]]", until: float) -> set[str]:
        """Wait for wake-ups until the next duty; returns the queues named, coalesced."""
        timeout = max(0.0, min(until, self.next_due) - time.monotonic())
        return {notice.payload for notice in listener.notifies(timeout=min(timeout, 1.0), stop_after=1)}

    def wake(self, queues: set[str]) -> None:
        """Pass wake-ups on to workers; give positions to new events, set the timer again when asked to.

        Workers are told of events only then, and of those alone that somebody reacts to.
        """
        for queue in queues - {waking.TIMER, waking.EVENTS}:
            hints.send(queue)
        if waking.EVENTS in queues:
            self.attempt("sequence", partial(sequencing.sequence, told=extending.tell))
            self.have_reactions()
        if waking.TIMER in queues:
            self.next_due = min(self.next_due, max(time.monotonic(), self.looked_at + LOOK_EVERY))

    def poll(self) -> None:
        """Find work without being told: must suffice alone."""
        self.next_due = time.monotonic() + configuration().poll
        self.attempt("sequence", partial(sequencing.catch_up, told=extending.tell))
        self.have_reactions()
        for queue in self.look():
            hints.send(queue)

    def have_reactions(self) -> None:
        """Have workers react to pending events, if there are any: what nobody reacts to was done with its position."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT EXISTS (SELECT FROM ops_engine_event WHERE status = 'pending')")
            if cursor.fetchone()[0]:
                hints.send(waking.EVENTS)

    def look(self) -> list[str]:
        """The queues with work due now; sets the timer to the earliest command that is not."""
        with connection.cursor() as cursor:
            cursor.execute(statement("due_queues"))
            rows = cursor.fetchall()
        self.looked_at = time.monotonic()
        delays = [float(delay) for _, _, delay in rows if delay is not None]
        self.next_due = self.looked_at + max(LOOK_EVERY, min(delays, default=3600.0))
        return [queue for queue, is_due, _ in rows if is_due]

    def leave(self) -> None:
        """Hand over at once."""
        try:
            leadership.resign(self.name)
            with connection.cursor() as cursor:
                cursor.execute("DELETE FROM ops_engine_runner WHERE name = %s", [self.name])
        except (psycopg.Error, DatabaseError) as error:
            logger.warning("left without saying so: %s", error)
