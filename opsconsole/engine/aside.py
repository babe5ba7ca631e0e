"""Chunks that wait for the world outside, beside the drain: one that nobody answers keeps no others waiting.

A drain stays with such a chunk for as long as chunks usually take. Then it goes on, to the next one and to other
queues, while a thread of this process ends the first; the chunk's claim is held until then, as ever.
"""

import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait

from django.db import connection

from opsconsole.engine import threads
from opsconsole.engine.faults import DatabaseAway, is_connection_lost

logger = logging.getLogger(__name__)

PATIENCE = 0.25  # seconds that a drain stays with a chunk
MOST_CHUNKS = 32  # of one process at once: each has a thread
MOST_COMMANDS = 800  # in them: each may have a connection to the world outside, and a process has 1,024 files


class Aside:
    """The chunks of this process that are under way beside its drains."""

    def __init__(self) -> None:
        self._sizes: dict[Future[int], int] = {}
        os.register_at_fork(after_in_child=self._sizes.clear)

    def run(self, execute: Callable[[], int], size: int) -> int:
        """How many commands have ended when the drain may go on: those of the chunk, or none that is known of.

        Raises what `execute` raises by then; later it is logged. There is room for one more when this returns.
        """
        chunk = threads.pool("aside", MOST_CHUNKS).submit(_run, execute)
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

    def _too_many(self) -> list["Future[int]"]:
        sizes = self._sizes.copy()
        return list(sizes) if len(sizes) >= MOST_CHUNKS or sum(sizes.values()) >= MOST_COMMANDS else []


def _run(execute: Callable[[], int]) -> int:
    """Raises DatabaseAway, which only this thread can tell from other errors. What outlasted the drain's patience keeps
    no connection: the others go on without this thread."""
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
        else:
            connection.close_if_unusable_or_obsolete()


def _tell(chunk: "Future[int]") -> None:
    error = chunk.exception()
    if isinstance(error, DatabaseAway):
        logger.warning("database away, a chunk ends: %s", error.__cause__, extra={"action": "drain.disconnected"})
    elif error is not None:
        logger.error("a chunk was left unfinished", exc_info=error, extra={"action": "drain.failed"})


aside = Aside()
