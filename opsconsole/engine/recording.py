"""What came of commands that were handled together: many successes in one transaction, failures each in its own.

A claim is one lease for all of its commands, so they are fenced together: either all of a group is recorded, or none
of it, when the claim has passed to somebody else. A group that cannot be recorded as one is recorded one by one, so
that one command spoils no other.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection

from opsconsole.engine import execution, failing
from opsconsole.engine.claiming import ClaimedCommand
from opsconsole.engine.execution import CONFLICT_RETRIES, Finished
from opsconsole.engine.faults import (
    OWN_FAILURES,
    DatabaseAway,
    LeaseLost,
    is_conflict,
    is_connection_lost,
    is_locked,
    noticing_a_lost_connection,
)
from opsconsole.engine.outbox import Outbox
from opsconsole.engine.outcomes import Outcome, Snooze
from opsconsole.engine.patience import bound
from opsconsole.engine.sql import statement
from opsconsole.engine.transactions import OwnTransaction
from opsconsole.engine.work import Work
from opsconsole.kernel import clock
from opsconsole.kernel.encoding import dumps
from opsconsole.kernel.tracing import Cause, acting_for

logger = logging.getLogger(__name__)

LOCK_TIMEOUT = 1.0  # seconds that a group waits for what somebody keeps locked
LOOK_TIMEOUT = 0.05  # the same for one, once a lock was met: it waits at the end
LAST_PATIENCE = 30.0  # seconds that those wait together, at the end, which were locked
COME_BACK = timedelta(seconds=5)

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


def record(group: Sequence[Task], finished: Finished) -> list[Task]:
    """Record what came of these; returns those for which something is needed that somebody keeps locked."""
    return _record(group, finished, LOCK_TIMEOUT)


def _record(group: Sequence[Task], finished: Finished, patience: float) -> list[Task]:
    locked: list[Task] = []
    try:
        connection.ensure_connection()  # it may have been given back; without one every error would look like its loss
        for task in _succeeded([task for task in group if task.outcome is None], locked, patience):
            finished.note(task.claimed)
        for task in group:
            if task.outcome is not None and not _fail_task(task, finished, LOOK_TIMEOUT if locked else patience):
                locked.append(task)
    except BaseException as error:
        if not isinstance(error, LeaseLost):
            group[0].work.held.suspects.extend(task.claimed.id for task in group)
        raise
    return locked


def record_at_last(tasks: Sequence[Task], finished: Finished) -> None:
    """What they did is done, and a success thrown away would be done again: they wait for locks until patience is at an
    end. Then they come back, and no attempt is spent; should even that be locked, they come back with the claim."""
    until = time.monotonic() + LAST_PATIENCE
    for task in tasks:
        for locked in _record([task], finished, max(0.001, until - time.monotonic())):
            locked.outcome = Snooze(COME_BACK, "somebody kept locked what its outcome is recorded with")
            _fail_task(locked, finished, LOCK_TIMEOUT)


def _succeeded(tasks: Sequence[Task], locked: list[Task], patience: float) -> Iterator[Task]:
    """Those whose success is recorded now; whatever keeps them from being recorded together is one's own failure, but
    for a lock of somebody else's."""
    if not tasks:
        return
    for conflict in range(CONFLICT_RETRIES + 1):
        try:
            with noticing_a_lost_connection():
                _commit(tasks, patience)
        except (LeaseLost, DatabaseAway):
            raise
        except OWN_FAILURES as error:
            if conflict < CONFLICT_RETRIES and is_conflict(error) and not is_locked(error):
                continue
            if len(tasks) > 1:
                for task in tasks:
                    yield from _succeeded([task], locked, LOOK_TIMEOUT if is_locked(error) else patience)
            elif is_conflict(error):
                locked += tasks
            else:
                tasks[0].outcome = error
            return
        yield from tasks
        return


def _commit(tasks: Sequence[Task], patience: float) -> None:
    """Commands are locked in the order of their ids, as operators' actions lock them; and nobody who holds a lock for
    long keeps the others of the group from being recorded."""
    tasks = sorted(tasks, key=lambda task: task.claimed.id)
    own, everything = OwnTransaction(), Outbox(Cause())
    for task in tasks:
        everything.join(task.work.outbox)
    try:
        with own:
            with connection.cursor() as cursor:
                bound(cursor, patience)
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


def _fail_task(task: Task, finished: Finished, patience: float) -> bool:
    """Whether it is recorded: else what is written with its failure is locked."""
    if isinstance(task.outcome, BaseException) and is_connection_lost(task.outcome):
        raise DatabaseAway from task.outcome
    try:
        with task.acting():
            failure = partial(_failure, task.outcome, patience)
            fail(task.claimed, task.work.held.claim_id, failure, task.seconds, task.work.lines, finished)
    except DatabaseError as error:
        if not is_conflict(error):
            raise
        return False
    return True


def _failure(outcome: Any, patience: float) -> BaseException:
    """Asked for in the transaction that records it."""
    with connection.cursor() as cursor:
        bound(cursor, patience)
    return _error(outcome() if callable(outcome) else outcome)


def _error(outcome: Any) -> BaseException:
    if isinstance(outcome, Outcome):
        return failing.NotSuccessful(outcome)
    if isinstance(outcome, BaseException):
        return outcome
    return TypeError(f"{outcome!r} is no outcome: it may be an error, RetryAt, Snooze, Cancel or Discard")


def fail(
    claimed: ClaimedCommand,
    claim_id: UUID,
    failure: failing.Failure,
    seconds: float,
    lines: list[dict[str, Any]],
    finished: Finished,
) -> None:
    if failing.record(claimed, claim_id, failure, seconds, lines):
        finished.note(claimed)
