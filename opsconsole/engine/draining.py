"""A drain: claim, execute, settle, again, until nothing is due or others want their turn."""

import logging
import time
from functools import partial

from django.db import connection

from opsconsole.engine import claiming, execution, reacting, settling
from opsconsole.engine.aside import aside
from opsconsole.engine.configuration import configuration
from opsconsole.engine.faults import is_connection_lost
from opsconsole.engine.heartbeat import heart
from opsconsole.engine.hints import hints
from opsconsole.engine.waking import EVENTS

logger = logging.getLogger(__name__)

HELP_EVERY = 0.25  # seconds between two calls for help


def drain(queue: str) -> int:
    """Execute what is due in `queue`; returns how many commands are known to have ended.

    Finding work twice in a row, it asks for a second worker, which asks for a third: as many join as there is work.
    After `drain_seconds` it makes room for other queues and leaves a hint to come back.
    """
    heart.start()
    heart.busy_with = queue
    ended, helped_at = 0, 0.0
    stop_at = time.monotonic() + configuration().drain_seconds
    try:
        chunk = claiming.claim_commands(queue)
        while chunk is not None:
            ended += _execute(chunk)
            if time.monotonic() > stop_at:
                hints.send(queue)
                break
            chunk = claiming.claim_commands(queue)
            if chunk is not None and time.monotonic() - helped_at > HELP_EVERY:
                helped_at = time.monotonic()
                hints.send(queue)
    except Exception as error:
        let_go(error)
    finally:
        heart.busy_with = ""
    return ended


def _execute(chunk: claiming.Chunk) -> int:
    """Here, or beside this drain when it may have to wait for others to answer."""
    run = partial(execute_chunk, chunk)
    return aside.run(run, len(chunk.commands)) if execution.runs_together(chunk) else run()


def execute_chunk(chunk: claiming.Chunk) -> int:
    """Run a claimed chunk and settle the batches and workflows that it may have ended."""
    finished = execution.run(chunk)
    settling.settle(finished.batch_ids, finished.step_ids)
    return len(finished.ended)


def react() -> int:
    """React to every pending event; returns how many were dealt with."""
    heart.start()
    heart.busy_with = EVENTS
    done = 0
    stop_at = time.monotonic() + configuration().drain_seconds
    try:
        while chunk := claiming.claim_events():
            done += len(chunk.events)
            if len(chunk.events) == configuration().event_chunk_size:
                hints.send(EVENTS)
            reacting.run(chunk)
            if time.monotonic() > stop_at:
                hints.send(EVENTS)
                break
    except Exception as error:
        let_go(error)
    finally:
        heart.busy_with = ""
    return done


def let_go(error: Exception) -> None:
    """A lost database ends the drain, not the worker; the poll comes back once it is there again."""
    if not is_connection_lost(error):
        raise error
    connection.close()
    logger.warning("database away, drain ends: %s", error, extra={"action": "drain.disconnected"})
