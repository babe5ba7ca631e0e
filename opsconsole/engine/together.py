"""Handlers that are given many commands at once, for work that waits for the world outside and costs less than its
recording: what they are done with is recorded as it comes."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar
from uuid import UUID

from django.db import connection

from opsconsole.engine import execution
from opsconsole.engine.claiming import ClaimedCommand, costs
from opsconsole.engine.configuration import configuration
from opsconsole.engine.execution import Finished
from opsconsole.engine.faults import (
    OWN_FAILURES,
    DatabaseAway,
    LeaseLost,
    noticing_a_lost_connection,
)
from opsconsole.engine.heartbeat import Held
from opsconsole.engine.messages import Command
from opsconsole.engine.recording import Task, fail, record, record_at_last
from opsconsole.engine.registry import HANDLERS, HandlerEntry
from opsconsole.engine.threads import several

__all__ = ["Task", "handles_together", "run"]

logger = logging.getLogger(__name__)

Together = Callable[[Sequence[Task]], Iterator[Sequence[Task]]]
T = TypeVar("T", bound=Together)


def handles_together(message: type[Command], *, most: int = 100) -> Callable[[T], T]:
    """Register a generator as the handler of a type: it is given up to `most` commands and yields them in groups, as it
    is done with them; an empty group while it waits for long. It runs outside any transaction, at least once for each,
    and hands `work.idempotency_key`, or a key of its own, to the world outside. Give such commands a queue of their
    own: a drain goes on to other work when a chunk of them takes long, so several runs may be under way in a process.
    Raises DuplicateName.
    """
    if most < 1:
        raise ValueError(f"a handler that is given {most} commands at once has nothing to do")

    def register(function: T) -> T:
        HANDLERS.add(message.__contract__.name, HandlerEntry(function, message, False, most, run))
        return function

    return register


def run(commands: Sequence[ClaimedCommand], held: Held, entry: HandlerEntry, finished: Finished) -> None:
    """Execute commands of one type together, as many at once as the handler takes; the outcome of each is recorded when
    this returns, unless time was up or the claim was lost. Raises DatabaseAway."""
    for first in range(0, len(commands), entry.threads):
        if held.is_lost.is_set() or (finished.ended and time.monotonic() > finished.give_up_at):
            return
        began, some = time.perf_counter(), commands[first : first + entry.threads]
        try:
            with several(held, len(some)):
                _run_some(some, held, entry, finished)
        except LeaseLost:
            held.is_lost.set()
            logger.warning("claim %s was given to another worker", held.claim_id, extra={"action": "command.fenced"})
        share = configuration().chunk_seconds / entry.threads  # a chunk should have as many as can be done at once
        costs.learn(entry.message.__contract__.name, min(share, (time.perf_counter() - began) / len(some)))


def _run_some(commands: Sequence[ClaimedCommand], held: Held, entry: HandlerEntry, finished: Finished) -> None:
    held.allow(entry.message.__contract__.timeout or configuration().handler_timeout)
    tasks, locked = list(_prepared(commands, held, entry, finished)), list[Task]()
    for group in _answered(entry, tasks):
        if group:
            locked += record(group, finished)
        elif not connection.in_atomic_block:
            connection.close()  # whoever waits holds none
    record_at_last(locked, finished)


def _prepared(
    commands: Iterable[ClaimedCommand], held: Held, entry: HandlerEntry, finished: Finished
) -> Iterator[Task]:
    for claimed in commands:
        try:
            message = execution.decode(execution.fit_to_run(claimed, entry), claimed)
        except OWN_FAILURES as error:
            fail(claimed, held.claim_id, error, 0.0, [], finished)
        else:
            yield Task(message, execution.prepare(claimed, held), claimed)


def _answered(entry: HandlerEntry, tasks: list[Task]) -> Iterator[Sequence[Task]]:
    """The groups that the handler yields; then, if it failed or forgot some, those."""
    left = {task.claimed.id: task for task in tasks}
    failure: BaseException = RuntimeError(f"{entry!r} has left commands without an outcome")
    if not tasks:
        return
    try:
        groups = iter(entry.function(tasks))
        while True:
            with noticing_a_lost_connection(may_have_none=True):  # whoever waited has given it back
                group = next(groups, None)
            if group is None:
                break
            _strike_off(group, left)
            yield group
    except (LeaseLost, DatabaseAway):
        raise
    except OWN_FAILURES as error:
        failure = error
    for task in left.values():
        task.outcome = failure
    if left:
        yield list(left.values())


def _strike_off(group: Sequence[Task], left: dict[UUID, Task]) -> None:
    """All of them or, when the handler was done with one before, none: that is its failure, and theirs."""
    identifiers = {task.claimed.id for task in group}
    if len(identifiers) < len(group) or not identifiers <= left.keys():
        raise RuntimeError("the handler is done with a command twice")
    for identifier in identifiers:
        del left[identifier]
