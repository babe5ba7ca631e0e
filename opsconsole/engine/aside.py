"""Chunks that wait for the world outside, beside the drain: one that nobody answers keeps no others waiting.

A drain stays with such a chunk for as long as chunks usually take. Then it goes on, to the next one and to other
queues, while a thread of this process ends the first; the chunk's claim is held until then, as ever.
"""

import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from django.db import connection

from opsconsole.engine.configuration import configuration
from opsconsole.engine.faults import DatabaseAway, is_connection_lost

logger = logging.getLogger(__name__)

PATIENCE = 0.25  # seconds that a drain stays with a chunk
MOST_CHUNKS = 32  # of one process at once: each has a thread
MOST_COMMANDS = 800  # in them: each may have a connection to the world outside, and a process has 1,024 files


class Aside:
    """The chunks of this process that are under way beside its drains.

    Of the threads that have nothing to do the last one keeps its connection to the database, and is the next to be
    used: those that answer soon need no other.
    """

    def __init__(self) -> None:
        self._sizes: dict[Future[int], int] = {}
        self._idle: list[ThreadPoolExecutor] = []
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._sizes.clear()
        self._idle.clear()

    def run(self, execute: Callable[[], int], size: int) -> int:
        """How many commands have ended when the drain may go on: those of the chunk, or none that is known of.

        Raises what `execute` raises by then; later it is logged. There is room for one more when this returns.
        """
        thread = self._idle.pop() if self._idle else ThreadPoolExecutor(1, "ops-aside")
        chunk = thread.submit(self._run, thread, execute)
        self._sizes[chunk] = size
        chunk.add_done_callback(self._sizes.pop)
        wait([chunk], PATIENCE)
        while under_way := self._too_many():
            wait(under_way, return_when=FIRST_COMPLETED)
        if chunk.done():
            return chunk.result()
        chunk.add_done_callback(_tell)
        return 0

    def finish(self) -> None:
        """Wait until all of them have ended: what was called for is recorded then, and not called for again."""
        wait(list(self._sizes))

    def end(self) -> None:
        """Wait likewise, and end the threads; each closes its own connection, which nobody else may."""
        self.finish()
        while self._idle:
            thread = self._idle.pop()
            thread.submit(lambda: connection.close()).result()  # looked up there: here it is ours
            thread.shutdown()

    def _too_many(self) -> list["Future[int]"]:
        sizes = self._sizes.copy()
        has_room = sum(sizes.values()) + configuration().chunk_size <= MOST_COMMANDS
        return list(sizes) if sizes and (len(sizes) >= MOST_CHUNKS or not has_room) else []

    def _run(self, thread: ThreadPoolExecutor, execute: Callable[[], int]) -> int:
        """Raises DatabaseAway, which only this thread can tell from other errors."""
        began = time.monotonic()
        try:
            return execute()
        except DatabaseAway:
            raise
        except Exception as error:
            if is_connection_lost(error):
                raise DatabaseAway from error
            raise
        finally:
            if time.monotonic() - began > PATIENCE:
                connection.close()
                self._idle.insert(0, thread)
            else:
                connection.close_if_unusable_or_obsolete()
                self._idle.append(thread)


def _tell(chunk: "Future[int]") -> None:
    error = chunk.exception()
    if isinstance(error, DatabaseAway):
        logger.warning("database away, a chunk ends: %s", error.__cause__, extra={"action": "drain.disconnected"})
    elif error is not None:
        logger.error("a chunk was left unfinished", exc_info=error, extra={"action": "drain.failed"})


aside = Aside()
