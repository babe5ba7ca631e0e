"""One thread a worker process that keeps its claims alive and says that the process is there."""

import logging
import os
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection

from opsconsole.engine.configuration import configuration
from opsconsole.engine.sql import statement
from opsconsole.engine.watchdog import end_this_process
from opsconsole.kernel.encoding import dumps

logger = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Held:
    """A claim that this process holds. Set `is_lost` means: stop, the rows belong to somebody else."""

    claim_id: UUID
    deadline: float | None = None  # monotonic; past it the running handler has taken too long
    is_lost: threading.Event = field(default_factory=threading.Event)
    suspects: list[UUID] = field(default_factory=list)  # began, and their outcome could not be recorded
    progress: dict[str, Any] | None = None

    def report(self, progress: dict[str, Any]) -> None:
        self.progress = progress

    def allow(self, seconds: float) -> None:
        """A handler starts now and may take `seconds`."""
        self.deadline = time.monotonic() + seconds

    @property
    def is_overdue(self) -> bool:
        return self.deadline is not None and time.monotonic() > self.deadline


class Heart:
    """Renews what is held every third of a lease. A handler past its timeout is renewed no more: its claim
    runs out and the sweeper treats its worker as lost. Should it hang even then, its process ends, where another
    one takes its place (`is_replaceable`)."""

    def __init__(self) -> None:
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._held: dict[UUID, Held] = {}
        self._abandoned: list[Held] = []
        self._lock = threading.Lock()
        self._beating = threading.Lock()
        self._is_leaving = False
        self.is_replaceable = False
        self._thread: threading.Thread | None = None
        self.busy_with = ""
        self.name = f"{socket.gethostname()}:{os.getpid()}"

    def start(self) -> None:
        """Begin to beat; harmless when it already does."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="ops-heart", daemon=True)
                self._thread.start()

    def hold(self, claim_id: UUID) -> Held:
        held = Held(claim_id)
        with self._lock:
            self._held[claim_id] = held
        return held

    def release(self, held: Held) -> None:
        with self._lock:
            self._held.pop(held.claim_id, None)

    def abandon(self, held: Held) -> None:
        """The database went away under a claim: stop working on it, and give it back at the next beat."""
        held.is_lost.set()
        with self._lock:
            self._held.pop(held.claim_id, None)
            self._abandoned.append(held)

    def _run(self) -> None:
        pause = threading.Event()
        while not self._is_leaving:
            try:
                with self._beating:
                    if not self._is_leaving:
                        self.beat()
            except Exception as error:  # the next beat tries again; claims live on until their lease ends
                logger.warning("heartbeat failed: %s", error, extra={"action": "heartbeat.failed"})
                connection.close()
            pause.wait(min(configuration().lease / 3, 1.0 if self._progressing() else 5.0))
        connection.close()

    def _progressing(self) -> bool:
        return bool(self._held)

    def leave(self) -> None:
        """Strike this process off the list of workers; it takes a second yet to end, and beats no more."""
        self._is_leaving = True
        with self._beating, connection.cursor() as cursor:
            cursor.execute("DELETE FROM ops_engine_runner WHERE name = %s", [self.name])

    def beat(self) -> None:
        """Tell that the process lives, renew every claim that is not overdue, and see whether it hangs in another."""
        with self._lock:
            everything = list(self._held.values())
        overdue = [one for one in everything if one.is_overdue]
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO ops_engine_runner (name, kind, host, pid, busy_with) VALUES (%s, 'worker', %s, %s, %s)"
                " ON CONFLICT (name) DO UPDATE SET seen_at = statement_timestamp(), busy_with = excluded.busy_with",
                [self.name, socket.gethostname(), os.getpid(), self.busy_with],
            )
            for one in everything:
                if one not in overdue:
                    self._renew(cursor, one)
            while self._abandoned:
                first = self._abandoned[0]
                give_back(cursor, first)
                self._abandoned.remove(first)  # by name: meanwhile, others may have been added
            if self.is_replaceable:
                for one in overdue:
                    self._end_if_taken_back(cursor, one)

    def _renew(self, cursor: Any, held: Held) -> None:
        cursor.execute(
            "UPDATE ops_engine_claim SET lease_until = statement_timestamp() + make_interval(secs => %s),"
            " progress = %s::jsonb WHERE id = %s",
            [configuration().lease, dumps(held.progress) if held.progress else None, held.claim_id],
        )
        if cursor.rowcount == 0 and held.claim_id in self._held:
            held.is_lost.set()

    def _end_if_taken_back(self, cursor: Any, overdue: Held) -> None:
        cursor.execute("SELECT FROM ops_engine_claim WHERE id = %s", [overdue.claim_id])
        if cursor.fetchone() is None and overdue.claim_id in self._held:
            end_this_process(overdue.claim_id)


def give_back(cursor: Any, held: Held) -> None:
    """End a claim: rows of it that have not ended are pending again, untouched but for suspects, and its row goes."""
    cursor.execute(statement("give_back"), {"claim_id": held.claim_id, "suspects": held.suspects})


heart = Heart()
