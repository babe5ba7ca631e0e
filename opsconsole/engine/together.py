"""Handlers that are given many commands at once, and recorded as they come: many successes in one transaction.

For work that waits for the world outside and costs less than its recording. A claim is one lease for all of its
commands, so they are fenced together: either all of a group is recorded, or none of it, when the claim has passed to
somebody else. A group that cannot be recorded as one is recorded one by one, so that one command spoils no other.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection

from opsconsole.engine import execution, failing
from opsconsole.engine.claiming import ClaimedCommand, costs
from opsconsole.engine.configuration import configuration
from opsconsole.engine.execution import CONFLICT_RETRIES, Finished
from opsconsole.engine.faults import (
    OWN_FAILURES,
    DatabaseAway,
    LeaseLost,
    is_conflict,
    is_connection_lost,
    noticing_a_lost_connection,
)
from opsconsole.engine.heartbeat import Held
from opsconsole.engine.messages import Command
from opsconsole.engine.outbox import Outbox
from opsconsole.engine.outcomes import Outcome
from opsconsole.engine.patience import bound
from opsconsole.engine.registry import HANDLERS, HandlerEntry
from opsconsole.engine.sql import statement
from opsconsole.engine.threads import several
from opsconsole.engine.transactions import OwnTransaction
from opsconsole.engine.work import Work
from opsconsole.kernel import clock
from opsconsole.kernel.encoding import dumps
from opsconsole.kernel.tracing import Cause, acting_for

logger = logging.getLogger(__name__)

LOCK_TIMEOUT = "1s"


Answer = Outcome | BaseException


@dataclass(slots=True, eq=False)
class Task:
    """One of the commands: its message, what it holds in its hands, and, when the handler is done with it, `outcome`:
    None for success, else what a handler may answer or raise; or a function that is called in the transaction that
    records the failure, where it may write, and answers either."""

    command: Any
    work: Work
    claimed: ClaimedCommand
    began: float = field(default_factory=time.perf_counter)
    outcome: Answer | Callable[[], Answer] | None = None

    def acting(self) -> AbstractContextManager[Cause]:
        """What is written inside the block is caused by the command."""
        return acting_for(self.work.outbox.cause)

    @property
    def is_lost(self) -> bool:
        """Whether the claim has passed to another worker, as far as is known: what is done now is done twice."""
        return self.work.held.is_lost.is_set()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.began


Together = Callable[[Sequence[Task]], Iterator[Sequence[Task]]]
T = TypeVar("T", bound=Together)


def handles_together(message: type[Command], *, most: int = 100) -> Callable[[T], T]:
    """Register a generator as the handler of a type: it is given up to `most` commands and yields them in groups, as it
    is done with them; an empty group while it waits for long. It runs outside any transaction, at least once for each,
    and hands `work.idempotency_key`, or a key of its own, to the world outside. A drain goes on to other work when it
    takes long, so several runs may be under way in a process. Raises DuplicateName.
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
    tasks = list(_prepared(commands, held, entry, finished))
    for group in _answered(entry, tasks):
        if group:
            _record(group, entry, finished)
        elif not connection.in_atomic_block:
            connection.close()  # whoever waits holds none


def _prepared(
    commands: Iterable[ClaimedCommand], held: Held, entry: HandlerEntry, finished: Finished
) -> Iterator[Task]:
    for claimed in commands:
        try:
            message = execution.decode(execution.fit_to_run(claimed, entry), claimed)
        except OWN_FAILURES as error:
            _fail(claimed, held.claim_id, error, 0.0, [], finished)
        else:
            yield Task(message, execution.prepare(claimed, held), claimed)


def _answered(entry: HandlerEntry, tasks: list[Task]) -> Iterator[Sequence[Task]]:
    """The groups that the handler yields; then, if it failed or forgot some, those."""
    left = {task.claimed.id: task for task in tasks}
    failure: BaseException = RuntimeError(f"{entry!r} has left commands without an outcome")
    if not tasks:
        return
    try:
        with noticing_a_lost_connection():
            for group in entry.function(tasks):
                _strike_off(group, left)
                yield group
    except (LeaseLost, DatabaseAway):
        raise
    except OWN_FAILURES as error:
        failure = error
    for task in left.values():
        task.outcome = failure
    yield list(left.values())


def _strike_off(group: Sequence[Task], left: dict[UUID, Task]) -> None:
    """All of them or, when the handler was done with one before, none: that is its failure, and theirs."""
    identifiers = {task.claimed.id for task in group}
    if len(identifiers) < len(group) or not identifiers <= left.keys():
        raise RuntimeError("the handler is done with a command twice")
    for identifier in identifiers:
        del left[identifier]


def _record(group: Sequence[Task], entry: HandlerEntry, finished: Finished) -> None:
    try:
        for task in _succeeded([task for task in group if task.outcome is None]):
            finished.note(task.claimed)
        for task in group:
            if task.outcome is not None:
                _fail_task(task, finished)
    except BaseException as error:
        if not isinstance(error, LeaseLost):
            group[0].work.held.suspects.extend(task.claimed.id for task in group)
        raise


def _succeeded(tasks: Sequence[Task]) -> Iterator[Task]:
    """Those whose success is recorded now; whatever keeps them from being recorded together is one's own failure."""
    if not tasks:
        return
    for conflict in range(CONFLICT_RETRIES + 1):
        try:
            with noticing_a_lost_connection():
                _commit(tasks)
        except (LeaseLost, DatabaseAway):
            raise
        except OWN_FAILURES as error:
            if conflict < CONFLICT_RETRIES and is_conflict(error):
                continue
            if len(tasks) == 1:
                tasks[0].outcome = error
                return
            for task in tasks:
                yield from _succeeded([task])
            return
        yield from tasks
        return


def _commit(tasks: Sequence[Task]) -> None:
    """Commands are locked in the order of their ids, as operators' actions lock them; and nobody who holds a lock for
    long keeps the others of the group from being recorded."""
    tasks = sorted(tasks, key=lambda task: task.claimed.id)
    own, everything = OwnTransaction(), Outbox(Cause())
    for task in tasks:
        everything.join(task.work.outbox)
    try:
        with own:
            with connection.cursor() as cursor:
                bound(cursor, LOCK_TIMEOUT)
            for task in tasks:
                execution.let_go(task.claimed)
            if everything:
                everything.write()
            execution.commit(_successes(tasks, own), own)
    except OWN_FAILURES:
        if not own.is_committed:
            raise
        logger.exception("a hook failed after commands had succeeded", extra={"action": "command.hook_failed"})


def _successes(tasks: Sequence[Task], own: OwnTransaction) -> str:
    """The statement that records them, if the claim still holds."""
    now = clock.frozen()
    return statement("finish_commands").format(
        ids=",".join(str(task.claimed.id) for task in tasks),
        claim_id=tasks[0].work.held.claim_id,
        seconds=",".join(f"{task.seconds:.6f}" for task in tasks),
        logs=",".join(own.quoted(dumps(task.work.lines) if task.work.lines else None) for task in tasks),
        now=own.quoted(now.isoformat() if now else None),
    )


def _fail_task(task: Task, finished: Finished) -> None:
    with task.acting():
        _fail(task.claimed, task.work.held.claim_id, _failure(task), task.seconds, task.work.lines, finished)


def _failure(task: Task) -> failing.Failure:
    outcome: Any = task.outcome
    return (lambda: _error(outcome())) if callable(outcome) else _error(outcome)


def _error(outcome: Any) -> BaseException:
    if isinstance(outcome, Outcome):
        return failing.NotSuccessful(outcome)
    if isinstance(outcome, BaseException):
        return outcome
    return TypeError(f"{outcome!r} is no outcome: it may be an error, RetryAt, Snooze, Cancel or Discard")


def _fail(
    claimed: ClaimedCommand,
    claim_id: UUID,
    failure: failing.Failure,
    seconds: float,
    lines: list[dict[str, Any]],
    finished: Finished,
) -> None:
    if isinstance(failure, BaseException) and is_connection_lost(failure):
        raise DatabaseAway from failure
    if failing.record(claimed, claim_id, failure, seconds, lines):
        finished.note(claimed)
