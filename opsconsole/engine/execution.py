"""One claimed chunk, run to its recorded outcomes.

The main path: `run` → `execute` → handler → `finish`. A handler's effects, what it set off and the fenced
success commit together, the success travelling in the round trip of the COMMIT.
"""

import json
import logging
import math
import time
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from uuid import UUID

from django.db import DatabaseError, connection
from pydantic import ValidationError

from opsconsole.engine import failing, settling, threads
from opsconsole.engine.claiming import Chunk, ClaimedCommand, costs, release
from opsconsole.engine.configuration import configuration
from opsconsole.engine.faults import (
    OWN_FAILURES,
    DatabaseAway,
    LeaseLost,
    is_conflict,
    is_connection_lost,
    noticing_a_lost_connection,
)
from opsconsole.engine.heartbeat import Held, heart
from opsconsole.engine.messages import Command
from opsconsole.engine.outbox import Outbox
from opsconsole.engine.outcomes import Outcome
from opsconsole.engine.registry import HANDLERS, HandlerEntry
from opsconsole.engine.sql import statement
from opsconsole.engine.transactions import OwnTransaction
from opsconsole.engine.work import Work
from opsconsole.kernel import clock
from opsconsole.kernel.encoding import dumps
from opsconsole.kernel.tracing import Cause, acting_for

logger = logging.getLogger(__name__)

FENCED = "OPS01"  # what ops_engine_finish_command() raises
CONFLICT_RETRIES = 3  # a deadlock spends no attempt
MOST_LOSSES = 10  # of workers uncharged, or of connections; a server that restarts now and then is no such case


@dataclass(slots=True)
class Finished:
    """What has ended of a chunk, noted by several threads at once, and whom it may matter to."""

    give_up_at: float = math.inf  # monotonic; nothing more is begun then, but for the first
    ended: list[UUID] = field(default_factory=list)
    batch_ids: set[UUID] = field(default_factory=set)
    step_ids: set[UUID] = field(default_factory=set)

    def note(self, claimed: ClaimedCommand) -> None:
        self.ended.append(claimed.id)
        if claimed.batch_id:
            self.batch_ids.add(claimed.batch_id)
        if claimed.step_id:
            self.step_ids.add(claimed.step_id)


def run(chunk: Chunk) -> Finished:
    """Execute a chunk in its order; what was not begun when time is up, or on an error of ours, goes back."""
    finished = Finished(time.monotonic() + 4 * configuration().chunk_seconds)
    try:
        settling.begin({claimed.batch_id for claimed in chunk.commands if claimed.batch_id})
        for entry, group in groupby(chunk.commands, key=lambda claimed: HANDLERS.find(claimed.type)):
            run_one = partial(_run_one, held=chunk.held, entry=entry, finished=finished)
            if entry is not None and entry.runner is not None:
                entry.runner(list(group), chunk.held, entry, finished)
            elif entry is not None and entry.threads > 1:
                threads.run_many(list(group), chunk.held, entry.threads, run_one)
            else:
                for claimed in group:
                    run_one(claimed)
    except BaseException as error:
        if is_connection_lost(error):
            heart.abandon(chunk.held)
        else:
            release(chunk)
        raise
    release(chunk)
    return finished


def runs_together(chunk: Chunk) -> bool:
    """Whether handlers that are given many commands at once have all of these."""
    entries = (HANDLERS.find(claimed.type) for claimed in chunk.commands)
    return all(entry is not None and entry.runner is not None for entry in entries)


def _run_one(claimed: ClaimedCommand, held: Held, entry: HandlerEntry | None, finished: Finished) -> None:
    """Nothing is begun for a lost claim, or late. A command whose outcome cannot be recorded is suspect: it comes
    back alone, ever more seldom, so that it keeps no others waiting."""
    if held.is_lost.is_set() or (finished.ended and time.monotonic() > finished.give_up_at):
        return
    try:
        execute(claimed, held, entry, finished)
    except LeaseLost:
        held.is_lost.set()
        logger.warning("command %s was given to another worker", claimed.id, extra={"action": "command.fenced"})
    except BaseException:
        held.suspects.append(claimed.id)
        raise


def execute(claimed: ClaimedCommand, held: Held, entry: HandlerEntry | None, finished: Finished) -> None:
    """Run one claimed command; its outcome is recorded when this returns. Raises LeaseLost, DatabaseAway."""
    began = time.perf_counter()
    work: Work | None = None
    try:
        entry = fit_to_run(claimed, entry)
        message = decode(entry, claimed)
        held.allow(entry.message.__contract__.timeout or configuration().handler_timeout)
        work = prepare(claimed, held)
        if not entry.atomic:
            _answer_outside(entry, message, work)
        for conflict in range(CONFLICT_RETRIES + 1):
            try:
                with noticing_a_lost_connection():
                    succeed(entry, message, work, claimed, began)
                break
            except Exception as error:
                if conflict == CONFLICT_RETRIES or not is_conflict(error):
                    raise
                work = prepare(claimed, held) if entry.atomic else work
    except LeaseLost:
        raise
    except OWN_FAILURES as error:
        if is_connection_lost(error):
            raise DatabaseAway from error
        seconds = time.perf_counter() - began
        if failing.record(claimed, held.claim_id, error, seconds, work.lines if work else []):
            finished.note(claimed)
    else:
        finished.note(claimed)
    costs.learn(claimed.type, time.perf_counter() - began)


def prepare(claimed: ClaimedCommand, held: Held) -> Work:
    """What the handler will hold in its hands."""
    metadata = json.loads(claimed.metadata) if claimed.metadata != "{}" else {}
    cause = Cause("command", claimed.id, claimed.correlation_id, claimed.tenant, metadata)
    root = claimed.cause_id if claimed.cause_kind == "reprocess" else claimed.id
    return Work(
        outbox=Outbox(cause),
        id=claimed.id,
        attempt=claimed.attempts + 1,
        max_attempts=claimed.max_attempts,
        batch_id=claimed.batch_id,
        idempotency_key=str(root),
        held=held,
    )


def fit_to_run(claimed: ClaimedCommand, entry: HandlerEntry | None) -> HandlerEntry:
    if claimed.losses >= MOST_LOSSES:
        raise failing.LostTooOften(f"{claimed.losses} workers or connections were lost while it ran")
    if entry is None:
        raise failing.NoHandler(f"no handler is called {claimed.type!r} in this version of the code")
    return entry


def decode(entry: HandlerEntry, claimed: ClaimedCommand) -> Command:
    try:
        return entry.message.decode(claimed.payload, claimed.schema_version, entry.message.__contract__.version)
    except ValidationError as error:
        raise failing.InvalidPayload(str(error)) from error


def _answer_outside(entry: HandlerEntry, message: Command, work: Work) -> None:
    """What it does stays done: a conflict that its success meets later is no reason to do it again."""
    with noticing_a_lost_connection(), acting_for(work.outbox.cause):
        _answer(entry, message, work)


def succeed(entry: HandlerEntry, message: Command, work: Work, claimed: ClaimedCommand, began: float) -> None:
    """One transaction: what an atomic handler does, what it set off, and its success."""
    own = OwnTransaction()
    with acting_for(work.outbox.cause):
        try:
            with own:
                if entry.atomic:
                    _answer(entry, message, work)
                finish(work, claimed, time.perf_counter() - began, own)
        except OWN_FAILURES:
            if not own.is_committed:
                raise
            logger.exception(
                "a hook failed after command %s had succeeded",
                claimed.id,
                extra={"action": "command.hook_failed"},
            )


def _answer(entry: HandlerEntry, message: Command, work: Work) -> None:
    outcome = entry.function(message, work)
    if isinstance(outcome, Outcome):
        raise failing.NotSuccessful(outcome)
    if outcome is not None:
        raise TypeError(f"{entry!r} answered {outcome!r}; it may answer None, RetryAt, Snooze, Cancel or Discard")


def finish(work: Work, claimed: ClaimedCommand, seconds: float, own: OwnTransaction) -> None:
    """Store what the handler set off and its success, and commit. Raises LeaseLost with nothing changed."""
    let_go(claimed)
    if work.outbox:
        replace(work.outbox).write()  # a copy, which writing empties: after a conflict it is all stored again
    commit(success(work, claimed, seconds, own), own)


def let_go(claimed: ClaimedCommand) -> None:
    """What a success ends besides the command itself."""
    if claimed.cause_kind == "reprocess":
        _heal(claimed)  # root before key, as the operator's reprocessing locks them
    if claimed.unique_key:  # before what it sends is stored: its successor may want the same key
        with connection.cursor() as cursor:
            failing.release_unique_key(cursor, claimed)


def success(work: Work, claimed: ClaimedCommand, seconds: float, own: OwnTransaction) -> str:
    """The statement that records it, if the claim still holds."""
    now = clock.frozen()
    return statement("finish_command").format(
        id=claimed.id,
        claim_id=work.held.claim_id,
        seconds=seconds,
        log=own.quoted(dumps(work.lines) if work.lines else None),
        now=own.quoted(now.isoformat() if now else None),
    )


def commit(last: str, own: OwnTransaction) -> None:
    """Commit with these statements; raises LeaseLost."""
    try:
        own.commit_with(last)
    except DatabaseError as error:
        if getattr(error.__cause__, "sqlstate", None) == FENCED:
            raise LeaseLost from error
        raise


def _heal(claimed: ClaimedCommand) -> None:
    """A reprocessing succeeds: its root is healed in the same transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ops_engine_command SET healed_by = %s WHERE id = %s AND healed_by IS NULL",
            [claimed.id, claimed.cause_id],
        )
