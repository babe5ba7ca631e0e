"""Every guarded statement waits for a row that somebody is just changing, looks at it again, and decides by what it
has become.

PostgreSQL 18.6 itself crashed at such a second look when the statement pruned partitions as it ran, so each of
these tests also asks whether the server is still the one that it was.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from opsconsole.embedded.waiting import wait_until
from opsconsole.engine import claiming, execution, reacting, send, send_batch, sequencing, settling, sweeping
from opsconsole.engine.heartbeat import heart
from opsconsole.engine.models import Batch, Claim
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.operations import cancel_commands, reprocess_commands, reprocess_events, retry_commands
from opsconsole.kernel import clock
from opsconsole.kernel.identifiers import uuid7, uuid7_at
from tests.factories import batch, claim, command, event, expire, failed, happen, make_due, react
from tests.handlers_app.messages import Act, Happened
from tests.handlers_app.scripts import let_react
from tests.past import a_command, an_event

PATIENCE = 20.0  # seconds
NEXT_PERIOD = timedelta(days=32)


@contextmanager
def while_it_waits_for(
    table: str, identifier: UUID, change: str, function: Callable[[], Any], then: UUID | None = None
) -> Iterator[list[Any]]:
    """Start `function` while another session has changed the row and not committed; it commits once that waits.

    Before, it changes the row `then` in the same way, which nobody may hold yet.
    """
    other = connection.copy()
    answers: list[Any] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(function())
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    server = _server()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(f"UPDATE {table} SET {change} WHERE id = %s", [identifier])
            thread.start()
            assert wait_until(lambda: _somebody_waits() or not thread.is_alive(), PATIENCE)
            waited = thread.is_alive()
            if then is not None:
                cursor.execute("SET LOCAL lock_timeout = '0.5s'")
                cursor.execute(f"UPDATE {table} SET {change} WHERE id = %s", [then])
            cursor.execute("COMMIT")
    finally:
        other.close()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert _server() == server, "the server crashed"
    if errors:
        raise errors[0]
    assert waited, "it did not even meet the change"
    yield answers


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return bool(cursor.fetchone()[0])


def _server() -> object:
    with connection.cursor() as cursor:
        cursor.execute("SELECT backend_start FROM pg_stat_activity WHERE backend_type = 'checkpointer'")
        return cursor.fetchone()


FINISHED = "status = 'success', claim_id = NULL, place = NULL, attempts = attempts + 1"
CANCELLED = "status = 'cancelled'"
CLAIMED = "status = 'processing', claim_id = gen_random_uuid(), place = 1"


def test_a_sweeper_charges_no_command_that_is_just_finishing():
    finishing, other = send(Act(number=1)).id, send(Act(number=2)).id
    expire(claim())
    with while_it_waits_for("ops_engine_command", finishing, FINISHED, sweeping.sweep):
        assert (command(finishing).status, command(finishing).losses) == ("success", 0)
        assert command(other).status == "pending"
        assert not Claim.objects.exists()


def test_a_sweeper_takes_a_claim_back_that_reaches_over_two_partitions():
    finishing, other = a_command("pending").id, a_command("pending", at=clock.now() + NEXT_PERIOD).id
    make_due()
    expire(claim())
    with while_it_waits_for("ops_engine_command", finishing, FINISHED, _looping(sweeping.sweep)):
        assert (command(finishing).status, command(finishing).losses) == ("success", 0)
        assert command(other).status == "pending"


def test_a_sweeper_leaves_an_event_alone_that_is_just_finishing():
    finishing, other = happen(), happen()
    expire(claiming.claim_events())
    change = "status = 'success', claim_id = NULL"
    with while_it_waits_for("ops_engine_event", finishing, change, sweeping.sweep):
        assert (event(finishing).status, event(other).status) == ("success", "pending")


def test_a_claim_that_is_given_back_keeps_what_is_just_finishing():
    finishing, other = send(Act(number=1)).id, send(Act(number=2)).id
    chunk = claim()
    heart.abandon(chunk.held)
    with while_it_waits_for("ops_engine_command", finishing, FINISHED, heart.beat):
        assert (command(finishing).status, command(other).status) == ("success", "pending")


def test_a_worker_whose_command_is_just_taken_away_has_not_succeeded():
    identifier = send(Act()).id
    chunk = claim()
    taken = "status = 'pending', claim_id = NULL, place = NULL"
    with while_it_waits_for("ops_engine_command", identifier, taken, lambda: execution.run(chunk)) as (finished,):
        assert not finished.ended
        assert command(identifier).status == "pending"


def test_reactions_to_an_event_that_is_just_taken_away_are_not_saved():
    let_react(Happened, lambda message, work: work.send(Act()))
    identifier, other = happen(), happen()
    chunk = claiming.claim_events()
    taken = "status = 'pending', claim_id = NULL"
    with while_it_waits_for("ops_engine_event", identifier, taken, lambda: reacting.run(chunk)) as (succeeded,):
        assert succeeded == 0
        assert (event(identifier).status, event(other).status) == ("pending", "pending")
        assert not StoredCommand.objects.exists()


@pytest.mark.parametrize(
    ("change", "changed", "reason"),
    [
        (CLAIMED, 1, "it is running already"),
        (FINISHED, 1, "it has ended: success"),
        ("priority = 3", 2, None),
    ],
)
def test_an_operator_cancels_by_what_has_become_of_the_command(change: str, changed: int, reason: str | None):
    met, other = send(Act(number=1)).id, send(Act(number=2)).id
    with while_it_waits_for("ops_engine_command", met, change, lambda: cancel_commands([met, other], actor="ana")) as (
        tally,
    ):
        assert tally.changed == changed
        assert tally.skipped == ({reason: 1} if reason else {})
        assert command(other).status == "cancelled"


@pytest.mark.parametrize(("change", "changed"), [(CLAIMED, 1), (CANCELLED, 1), ("priority = 3", 2)])
def test_an_operator_retries_by_what_has_become_of_the_command(change: str, changed: int):
    later = clock.now().replace(year=clock.now().year + 1)
    met, other = (send(Act(number=number), not_before=later).id for number in range(2))
    with while_it_waits_for("ops_engine_command", met, change, lambda: retry_commands([met, other], actor="ana")) as (
        tally,
    ):
        assert tally.changed == changed
        assert tally.changed + tally.skipped_count == 2


@pytest.mark.parametrize(("change", "changed"), [("healed_by = gen_random_uuid()", 1), ("priority = 3", 2)])
def test_an_operator_reprocesses_by_what_has_become_of_the_command(change: str, changed: int):
    met, other = failed(Act()), failed(Act())
    with while_it_waits_for(
        "ops_engine_command", met, change, lambda: reprocess_commands([met, other], actor="ana")
    ) as (tally,):
        assert tally.changed == changed
        assert tally.changed + tally.skipped_count == 2


@pytest.mark.parametrize(("change", "changed"), [("status = 'pending'", 1), ("metadata = '{}'", 2)])
def test_an_operator_reprocesses_events_by_what_has_become_of_them(change: str, changed: int):
    def fail(message: Any, work: Any) -> None:
        raise ValueError

    let_react(Happened, fail)
    met, other = happen(), happen()
    react()
    with while_it_waits_for("ops_engine_event", met, change, lambda: reprocess_events([met, other], actor="ana")) as (
        tally,
    ):
        assert tally.changed == changed
        assert tally.changed + tally.skipped_count == 2


def test_a_position_is_given_to_an_event_whose_reactions_are_just_being_saved():
    met, other = happen(), happen()
    with while_it_waits_for("ops_engine_event", met, "attempts = 1", sequencing.sequence) as (given,):
        assert given == 2
        assert [event(met).position, event(other).position] == [1, 2]
        assert event(met).attempts == 1


@pytest.fixture
def two_at_a_border() -> tuple[UUID, UUID]:
    """Events in two partitions with so many others that a join would look into the partitions one event at a time."""
    past, future = clock.now(), clock.now() + NEXT_PERIOD
    StoredEvent.objects.bulk_create(
        StoredEvent(
            id=uuid7_at(at), type="tests.ignored", data={}, correlation_id=uuid7(), status="success", position=0
        )
        for at in (past, future)
        for _ in range(400)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE ops_engine_event")
    return an_event("pending", at=past).id, an_event("pending", at=future).id


def test_positions_are_given_over_the_border_of_two_partitions(two_at_a_border: tuple[UUID, UUID]):
    met, other = two_at_a_border
    with while_it_waits_for("ops_engine_event", met, "attempts = 1", _looping(sequencing.sequence)) as (given,):
        assert given == 2
        assert [event(met).position, event(other).position] == [1, 2]


def test_reactions_are_saved_over_the_border_of_two_partitions(two_at_a_border: tuple[UUID, UUID]):
    met, other = two_at_a_border
    chunk = claiming.claim_events()
    assert chunk is not None
    react = _looping(lambda: reacting.run(chunk))
    with while_it_waits_for("ops_engine_event", met, "position = 1", react) as (succeeded,):
        assert succeeded == 2
        assert [event(one).status for one in (met, other)] == ["success", "success"]


def test_positions_are_given_and_reactions_saved_in_the_order_of_ids_lest_they_wait_crosswise(
    two_at_a_border: tuple[UUID, UUID],
):
    """The later event drew the earlier number."""
    low, high = two_at_a_border
    StoredEvent.objects.filter(pk=low).update(seq=event(high).seq + 1)
    with while_it_waits_for("ops_engine_event", low, "attempts = 1", _looping(sequencing.sequence), then=high):
        assert [event(high).position, event(low).position] == [1, 2]


def _looping(function: Callable[[], Any]) -> Callable[[], Any]:
    """With the plan that would prune partitions as it runs."""

    def run() -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off")
        return function()

    return run


def test_a_next_command_that_is_just_cancelled_is_not_let_go():
    identifier = send_batch([Act()], on_success=Act(number=1), on_completion=Act(number=2))
    execution.run(claim())
    met = StoredCommand.objects.get(cause_id=identifier, release_on="success").id
    with while_it_waits_for("ops_engine_command", met, CANCELLED, lambda: settling.settle([identifier], ())):
        assert command(met).status == "cancelled"
        assert StoredCommand.objects.get(cause_id=identifier, release_on="completion").status == "pending"
        assert batch(identifier).status == "success"


def test_a_batch_that_another_just_settled_is_not_settled_again():
    identifier = send_batch([Act()], on_success=Act(number=1))
    execution.run(claim())
    change = "status = 'success', settled_at = now()"
    with while_it_waits_for("ops_engine_batch", identifier, change, lambda: settling.settle([identifier], ())):
        assert StoredCommand.objects.get(cause_id=identifier).status == "awaiting", "that is the other's to do"
        assert Batch.objects.get().status == "success"


def test_a_claim_passes_over_what_is_just_changing_without_waiting():
    met, other = send(Act(number=1)).id, send(Act(number=2)).id
    held = connection.copy()
    try:
        with held.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("UPDATE ops_engine_command SET priority = 1 WHERE id = %s", [met])
            assert [one.id for one in claim().commands] == [other]
            cursor.execute("COMMIT")
    finally:
        held.close()
    assert StoredEvent.objects.count() == 0
