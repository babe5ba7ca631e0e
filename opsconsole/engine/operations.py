"""What operators do to work: one statement an action, guarded, with an honest account of what changed.

Permissions are the caller's business; concurrency is settled here: of two who act at once, one wins, and the
other is told.
"""

import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from opsconsole.engine import rows, waking
from opsconsole.engine.failing import release_unique_key_of
from opsconsole.engine.faults import MESSAGE_LIMIT, storable
from opsconsole.engine.sql import statement
from opsconsole.kernel import clock, tracing
from opsconsole.kernel.encoding import dumps
from opsconsole.kernel.identifiers import uuid7

logger = logging.getLogger(__name__)

REPROCESS_KEY = "reprocess:{}"  # one live reprocessing a root, held in the table of unique keys


@dataclass(slots=True)
class Tally:
    """What an action did: rows changed, rows skipped by reason, and the new commands it made."""

    changed: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    made: list[UUID] = field(default_factory=list)

    def skip(self, reason: str, count: int = 1) -> None:
        if count:
            self.skipped[reason] = self.skipped.get(reason, 0) + count

    @property
    def skipped_count(self) -> int:
        return sum(self.skipped.values())


def retry_commands(ids: Collection[UUID], *, actor: str, reason: str = "") -> Tally:
    """Run commands that wait for their time now: pending with a due time in the future."""
    tally = Tally()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement("retry_commands"), {"ids": list(ids), "now": clock.frozen()})
        changed = cursor.fetchall()
        tally.changed = len(changed)
        _explain(cursor, tally, ids, {row[0] for row in changed}, _why_not_retried)
        _wake({row[1] for row in changed})
        _log("command.retry", tally, actor, reason)
    return tally


def cancel_commands(ids: Collection[UUID], *, actor: str, reason: str = "") -> Tally:
    """Cancel commands that have not begun: awaiting or pending. A claim that is quicker wins."""
    tally = Tally()
    note = storable(f"Cancelled by {actor}" + (f": {reason}" if reason else "."), MESSAGE_LIMIT)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement("cancel_commands"), {"ids": list(ids), "note": note, "now": clock.frozen()})
        changed = cursor.fetchall()
        tally.changed = len(changed)
        for command_id, unique_key, *_ in changed:
            if unique_key:
                release_unique_key_of(cursor, command_id)
        _explain(cursor, tally, ids, {row[0] for row in changed}, _why_not_cancelled)
        _settle_after_commit({row[2] for row in changed if row[2]}, {row[3] for row in changed if row[3]})
        _log("command.cancel", tally, actor, reason)
    return tally


def reprocess_commands(ids: Collection[UUID], *, actor: str, reason: str = "") -> Tally:
    """Send a fresh, linked copy of each failed or cancelled command; these stay as they are.

    Only roots that were not healed, and one live reprocessing a root.
    """
    tally = Tally()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement("roots_to_reprocess"), {"ids": list(ids)})
        roots = [
            dict(zip([column.name for column in cursor.description], row, strict=True)) for row in cursor.fetchall()
        ]
        copies = {root["id"]: _copy(root, actor, reason) for root in roots}
        taken = _take_keys(cursor, copies)
        made = [copy for copy in copies.values() if copy.id in taken]
        tally.skip("already being reprocessed", len(copies) - len(made))
        rows.insert_commands(made)
        tally.changed, tally.made = len(made), [copy.id for copy in made]
        _explain(cursor, tally, ids, set(copies), _why_not_reprocessed)
        _wake({copy.queue for copy in made})
        _log("command.reprocess", tally, actor, reason)
    return tally


def reprocess_events(ids: Collection[UUID], *, actor: str, reason: str = "") -> Tally:
    """Have the reactions of failed events run again. Their attempts stay on record."""
    tally = Tally()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement("reprocess_events"), {"ids": list(ids)})
        changed = {row[0] for row in cursor.fetchall()}
        tally.changed = len(changed)
        cursor.execute("SELECT id, status FROM ops_engine_event WHERE id = ANY(%s)", [list(ids)])
        found = dict(cursor.fetchall())
        for identifier in set(ids) - changed:
            status = found.get(identifier)
            tally.skip(f"it is {status}, not in error" if status else "it does not exist")
        _wake({waking.EVENTS} if changed else set())
        _log("event.reprocess", tally, actor, reason)
    return tally


def reprocess_batch(batch_id: UUID, *, actor: str, reason: str = "") -> Tally:
    """Reprocess every failed member that has not been healed; a success of all heals the batch."""
    return reprocess_commands(_members(batch_id, ("error",)), actor=actor, reason=reason)


def reinstate_batch(batch_id: UUID, *, actor: str, reason: str = "") -> Tally:
    """Send every member that was cancelled after all; a success of all heals the batch."""
    return reprocess_commands(_members(batch_id, ("cancelled",)), actor=actor, reason=reason)


def cancel_batch(batch_id: UUID, *, actor: str, reason: str = "") -> Tally:
    """Cancel every member that has not begun."""
    return cancel_commands(_members(batch_id, ("awaiting", "pending")), actor=actor, reason=reason)


def resume_workflow(workflow_id: UUID, *, actor: str, reason: str = "") -> Tally:
    """Reprocess what failed or was cancelled in its steps; once that succeeds, the steps behind are released."""
    with connection.cursor() as cursor:
        cursor.execute(statement("failures_of_workflow"), {"workflow_id": workflow_id})
        ids = [identifier for (identifier,) in cursor.fetchall()]
    return reprocess_commands(ids, actor=actor, reason=reason)


def _members(batch_id: UUID, statuses: Iterable[str]) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM ops_engine_command WHERE batch_id = %s AND status <> 'success' AND status = ANY(%s)"
            " AND cause_kind <> 'reprocess' AND healed_by IS NULL",
            [batch_id, list(statuses)],
        )
        return [identifier for (identifier,) in cursor.fetchall()]


def _copy(root: dict[str, Any], actor: str, reason: str) -> rows.NewCommand:
    """The new command: same type, payload, batch and step, caused by the reprocessing of its root."""
    metadata = {**tracing.current().metadata, "actor": actor, **({"reason": reason} if reason else {})}
    shared = (
        "type",
        "schema_version",
        "payload",
        "tenant",
        "correlation_id",
        "queue",
        "priority",
        "max_attempts",
    )
    return rows.NewCommand(
        id=uuid7(),
        cause_kind="reprocess",
        cause_id=root["id"],
        metadata=dumps(metadata),
        batch_id=root["batch_id"],
        step_id=root["step_id"],
        unique_key=REPROCESS_KEY.format(root["id"]),
        **{name: root[name] for name in shared},
    )


def _take_keys(cursor: Any, copies: dict[UUID, rows.NewCommand]) -> set[UUID]:
    """Take the reprocessing keys of these roots at once, in their order; returns the copies that got theirs."""
    ordered = [copies[root_id] for root_id in sorted(copies)]
    cursor.execute(
        "INSERT INTO ops_engine_uniquekey (key, command_id) SELECT * FROM unnest(%s::text[], %s::uuid[])"
        " ON CONFLICT (key) DO NOTHING RETURNING command_id",
        [[copy.unique_key for copy in ordered], [copy.id for copy in ordered]],
    )
    return {identifier for (identifier,) in cursor.fetchall()}


def _explain(
    cursor: Any, tally: Tally, ids: Collection[UUID], done: set[UUID], why: Callable[[tuple[Any, ...]], str]
) -> None:
    """Give the reason for everything that was not changed, from how the rows stand now."""
    rest = [identifier for identifier in set(ids) if identifier not in done]
    if not rest:
        return
    cursor.execute("SELECT id, status, cause_kind, healed_by FROM ops_engine_command WHERE id = ANY(%s)", [rest])
    found = {row[0]: row for row in cursor.fetchall()}
    for identifier in rest:
        tally.skip(why(found[identifier]) if identifier in found else "it does not exist")


def _why_not_retried(row: tuple[Any, ...]) -> str:
    _, status, *_ = row
    if status == "pending":
        return "it is due already"
    if status == "error":
        return "it has failed for good: reprocess it instead"
    return f"it is {status}, not waiting for its time"


def _why_not_cancelled(row: tuple[Any, ...]) -> str:
    _, status, *_ = row
    return "it is running already" if status == "processing" else f"it has ended: {status}"


def _why_not_reprocessed(row: tuple[Any, ...]) -> str:
    _, status, cause_kind, healed_by = row
    if cause_kind == "reprocess":
        return "it is itself a reprocessing: reprocess its root"
    if healed_by is not None:
        return "a reprocessing has already succeeded"
    if status == "cancelled":
        return "its turn has not come: what it waited for did not happen"
    return f"it is {status}, neither failed nor cancelled"


def _wake(queues: set[str]) -> None:
    for queue in queues:
        waking.after_commit(queue)


def _settle_after_commit(batch_ids: set[UUID], step_ids: set[UUID]) -> None:
    from opsconsole.engine import settling

    if batch_ids or step_ids:
        transaction.on_commit(lambda: settling.settle_in_a_request(batch_ids, step_ids), robust=True)


def _log(action: str, tally: Tally, actor: str, reason: str) -> None:
    logger.info(
        "%s by %s: %s changed, %s skipped%s",
        action,
        actor,
        tally.changed,
        tally.skipped_count,
        f" ({storable(reason, MESSAGE_LIMIT)})" if reason else "",  # a log in UTF-8 holds no more than the database
        extra={"action": action, "actor": actor},
    )
