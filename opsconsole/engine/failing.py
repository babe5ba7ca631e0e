"""What becomes of a try that did not succeed."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from opsconsole.engine import waking
from opsconsole.engine.attempts import Try
from opsconsole.engine.claiming import ClaimedCommand
from opsconsole.engine.configuration import configuration
from opsconsole.engine.faults import Fault, LeaseLost, is_conflict, is_connection_lost, noticing_a_lost_connection
from opsconsole.engine.heartbeat import heart
from opsconsole.engine.messages import COMMANDS, NewerVersion
from opsconsole.engine.outcomes import Cancel, Discard, Outcome, RetryAt, Snooze
from opsconsole.engine.retries import NoRetry, RetryPolicy
from opsconsole.engine.sql import statement
from opsconsole.engine.states import CANCELLED, ERROR, PENDING
from opsconsole.kernel import clock
from opsconsole.kernel.registry import UnknownName

logger = logging.getLogger(__name__)

UNKNOWN_WAIT = 30.0  # seconds until a type that no code here knows is looked at again


class InvalidPayload(ValueError):
    """The stored payload does not fit its type."""


class NoHandler(UnknownName):
    """No code here handles commands of this type: not deployed yet, or removed."""


class LostTooOften(Exception):
    """Again and again a worker or its connection was lost while it ran: it is not run again."""


class NotSuccessful(Exception):
    """A handler answered with an outcome; rolls its effects back."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Verdict:
    """Status to move to, outcome to note, and when to try again (a time, or seconds from the database's now)."""

    status: str
    outcome: str
    spent: int = 1
    wait: float = 0.0
    retry_at: datetime | None = None


Failure = BaseException | Callable[[], BaseException]


def record(
    claimed: ClaimedCommand, claim_id: UUID, failure: Failure, seconds: float, log: list[dict[str, Any]]
) -> bool:
    """Write what became of the try; returns whether the command has ended. Raises LeaseLost with nothing changed.

    A `failure` that is a function is asked in the transaction of the record: what it writes there is stored if the
    claim still holds. When it raises, that is the failure, but for a conflict, which is raised. One that cannot be
    written as it is (a policy that raises, a time beyond all calendars) is final: else the command would be run for
    ever.
    """
    try:
        with noticing_a_lost_connection():
            return _write(claimed, claim_id, failure, None, seconds, log)
    except LeaseLost:
        raise
    except Exception as trouble:
        if is_connection_lost(trouble):
            raise
        if not isinstance(failure, BaseException):
            if is_conflict(trouble):
                raise
            return record(claimed, claim_id, trouble, seconds, log)
        return _write(claimed, claim_id, trouble, Verdict(ERROR, "error"), seconds, [])


def _write(
    claimed: ClaimedCommand,
    claim_id: UUID,
    failure: Failure,
    verdict: Verdict | None,
    seconds: float,
    log: list[dict[str, Any]],
) -> bool:
    """The verdict is that on the failure, unless it is given."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        error = failure if isinstance(failure, BaseException) else failure()
        fault, verdict = _fault(error), verdict or _verdict(claimed, error)
        cursor.execute(
            statement("finish_failed_command"),
            {
                "id": claimed.id,
                "claim_id": claim_id,
                "status": verdict.status,
                "spent": verdict.spent,
                "error_class": fault.error_class,
                "error": fault.message,
                "retry_at": verdict.retry_at,
                "wait": verdict.wait,
                "seconds": seconds,
                "now": clock.frozen(),
            },
        )
        row = cursor.fetchone()
        if row is None:
            raise LeaseLost
        _tried(claimed, verdict, fault, row, log).insert(cursor)
        if verdict.status != PENDING:
            release_unique_key(cursor, claimed)
        else:
            waking.after_commit(waking.TIMER)
    logger.info(
        "command %s %s: %s",
        claimed.id,
        verdict.outcome,
        fault.message,
        extra={"action": f"command.{verdict.outcome}"},
    )
    return verdict.status != PENDING


def _tried(
    claimed: ClaimedCommand, verdict: Verdict, fault: Fault, row: tuple[Any, ...], log: list[dict[str, Any]]
) -> Try:
    number, started_at, ended_at, retry_at = row
    return Try(
        subject_kind="command",
        subject_id=claimed.id,
        type=claimed.type,
        tenant=claimed.tenant,
        number=number,
        outcome=verdict.outcome,
        is_final=verdict.status != PENDING,
        worker=heart.name,
        started_at=started_at,
        ended_at=ended_at,
        retry_at=retry_at,
        error_class=fault.error_class,
        message=fault.message,
        traceback=fault.traceback,
        fingerprint=fault.fingerprint,
        log=log,
    )


def _fault(error: BaseException) -> Fault:
    if isinstance(error, NotSuccessful):
        return Fault(type(error.outcome).__name__, Fault.of(error).message)
    return Fault.of(error)


def _verdict(claimed: ClaimedCommand, error: BaseException) -> Verdict:
    return answered(error.outcome) if isinstance(error, NotSuccessful) else judge(claimed, error)


def judge(claimed: ClaimedCommand, error: BaseException) -> Verdict:
    """The verdict on an exception, by the policy of the type."""
    if isinstance(error, NoHandler | NewerVersion):
        if _unknown_for(claimed) < configuration().unknown_grace:  # a deployment may be under way
            return Verdict(PENDING, "snoozed", spent=0, wait=UNKNOWN_WAIT)
        return Verdict(ERROR, "error")
    if isinstance(error, InvalidPayload | LostTooOften):
        return Verdict(ERROR, "error")
    policy = policy_of(claimed.type)
    attempt = claimed.attempts + 1
    if attempt < claimed.max_attempts and policy.covers(error):
        return Verdict(PENDING, "retry", wait=policy.delay(attempt))
    return Verdict(ERROR, "error")


def _unknown_for(claimed: ClaimedCommand) -> float:
    """Seconds since it was first looked at in vain: it may have been made long before it was due."""
    with connection.cursor() as cursor:
        cursor.execute(statement("unknown_for"), {"id": claimed.id, "now": clock.frozen()})
        (seconds,) = cursor.fetchone()
    return seconds or 0.0


def answered(outcome: Outcome) -> Verdict:
    """The verdict that a handler asked for."""
    match outcome:
        case RetryAt(at=at):
            return Verdict(PENDING, "retry", retry_at=at)
        case Snooze(wait=wait):
            return Verdict(PENDING, "snoozed", spent=0, wait=wait / timedelta(seconds=1))
        case Cancel():
            return Verdict(CANCELLED, "cancelled")
        case Discard():
            return Verdict(ERROR, "discarded")


def policy_of(type_name: str) -> RetryPolicy:
    message = COMMANDS.find(type_name)
    return message.__contract__.retry if message else NoRetry()


def release_unique_key(cursor: Any, claimed: ClaimedCommand) -> None:
    """An ended command holds its key no longer, unless a window was asked for."""
    if claimed.unique_key:
        cursor.execute(
            "DELETE FROM ops_engine_uniquekey WHERE key = %s AND command_id = %s AND until IS NULL",
            [claimed.unique_key, claimed.id],
        )


def release_unique_key_of(cursor: Any, command_id: UUID) -> None:
    """The same for a command that was not ended by a worker of its own."""
    cursor.execute(
        "DELETE FROM ops_engine_uniquekey AS held USING ops_engine_command AS command"
        " WHERE command.id = %s AND held.key = command.unique_key AND held.command_id = command.id"
        " AND held.until IS NULL",
        [command_id],
    )
