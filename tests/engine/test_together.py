"""Handlers that are given many commands at once: recorded in groups, fenced by their claim, none spoiling another."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from opsconsole.engine import (
    Cancel,
    Command,
    Discard,
    Fixed,
    RetryAt,
    Snooze,
    claiming,
    execution,
    operations,
    recording,
    send,
    send_batch,
    together,
)
from opsconsole.engine.configuration import configuration
from opsconsole.engine.faults import DatabaseAway
from opsconsole.engine.heartbeat import heart
from opsconsole.engine.models import Attempt, Claim, UniqueKey
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.testing import run_until_idle
from opsconsole.engine.together import Task, handles_together
from opsconsole.streams import append, version_of
from tests.factories import Refused, attempts, batch, claim, command, lose, run, statuses
from tests.handlers_app.messages import Act, Happened
from tests.handlers_app.scripts import let

Handle = Callable[[Sequence[Task]], Iterator[Sequence[Task]]]


LATER = datetime(2031, 3, 1, 12, tzinfo=UTC)


class ActInCompany(Command, name="tests.act_in_company", retry=Fixed(every=60, times=1)):
    number: int = 0


_current: list[Handle] = []


@handles_together(ActInCompany, most=8)
def act_in_company(tasks: Sequence[Task]) -> Iterator[Sequence[Task]]:
    yield from _current[-1](tasks)


@pytest.fixture
def handled() -> Iterator[Callable[[Handle], None]]:
    """Let commands be handled so."""
    yield _current.append
    _current.clear()
    claiming.costs.seconds.pop("tests.act_in_company", None)


def in_pairs(tasks: Sequence[Task]) -> Iterator[Sequence[Task]]:
    for first in range(0, len(tasks), 2):
        yield tasks[first : first + 2]


def sent(count: int) -> list[Any]:
    return [send(ActInCompany(number=number)).id for number in range(count)]


def commits() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT xmin::text) FROM ops_engine_command WHERE status = 'success'")
        return int(cursor.fetchone()[0])


def test_a_group_is_recorded_in_one_transaction_with_what_it_set_off(handled):
    def handle(tasks):
        for task in tasks:
            task.work.send(Act(number=task.command.number))
            task.work.emit(Happened(number=task.command.number))
            task.work.append(f"tests.matter-{task.command.number}", Happened(), Happened())
            task.work.log("done", number=task.command.number)
        yield from in_pairs(tasks)

    handled(handle)
    identifiers = sent(5)
    assert run() == 5
    assert statuses(type="tests.act_in_company") == ["success"] * 5 and commits() == 3
    for number, identifier in enumerate(identifiers):
        stored = command(identifier)
        assert (stored.attempts, stored.claim_id, stored.log[0]["number"]) == (1, None, number)
        assert StoredCommand.objects.get(type="tests.act", payload__number=number).cause_id == identifier
        assert version_of(f"tests.matter-{number}") == 2
    assert set(StoredEvent.objects.filter(stream__isnull=False).values_list("version", flat=True)) == {1, 2}
    assert not Claim.objects.exists() and not Attempt.objects.exists()


def test_outcomes_other_than_success_are_each_ones_own(handled):
    outcomes = [None, Refused("no"), Cancel("not wanted"), Discard("never"), Snooze(wait=timedelta(minutes=1)), None]

    def handle(tasks):
        for task in tasks:
            task.work.send(Act(number=task.command.number))
            task.outcome = outcomes[task.command.number]
        yield tasks

    handled(handle)
    identifiers = sent(6)
    run()
    assert [command(one).status for one in identifiers] == [
        *("success", "pending", "cancelled", "error", "pending", "success"),
    ]
    assert sorted(StoredCommand.objects.filter(type="tests.act").values_list("payload__number", flat=True)) == [0, 5]
    (failed,) = attempts(identifiers[1])
    assert (failed.error_class, failed.outcome) == ("Refused", "retry")
    assert command(identifiers[4]).attempts == 0


def test_a_handler_that_fails_half_way_fails_those_that_it_was_not_done_with(handled):
    def handle(tasks):
        yield tasks[:2]
        raise Refused("broken")

    handled(handle)
    sent(4)
    run()
    assert statuses() == ["success", "success", "pending", "pending"]
    assert set(Attempt.objects.values_list("error_class", "message")) == {("Refused", "broken")}


def test_a_handler_that_forgets_some_is_told(handled):
    handled(lambda tasks: iter([tasks[:1]]))
    sent(3)
    run()
    assert statuses() == ["success", "pending", "pending"]
    assert "has left commands without an outcome" in Attempt.objects.first().message


def test_one_that_cannot_be_recorded_spoils_no_other(handled):
    def handle(tasks):
        for task in tasks:
            expected = 7 if task.command.number == 1 else None
            task.work.append(f"tests.matter-{task.command.number}", Happened(), expected=expected)
        yield tasks

    handled(handle)
    sent(4)
    run()
    assert statuses() == ["success", "pending", "success", "success"]
    assert Attempt.objects.get().error_class == "StreamConflict"
    assert [version_of(f"tests.matter-{number}") for number in range(4)] == [1, 0, 1, 1]


def test_a_worker_that_lost_its_claim_can_record_nothing_of_it(handled):
    def handle(tasks):
        yield tasks[:1]
        lose(chunk)
        for task in tasks[1:]:
            task.work.send(Act())
        yield tasks[1:3]
        raise AssertionError("nobody wants the rest")

    handled(handle)
    identifiers = sent(4)
    chunk = claim()
    execution.run(chunk)
    assert [command(one).status for one in identifiers] == ["success", "pending", "pending", "pending"]
    assert [command(one).attempts for one in identifiers] == [1, 0, 0, 0]
    assert not StoredCommand.objects.filter(type="tests.act").exists()


def test_the_claim_says_how_many_are_running_at_once(handled):
    """So that whoever is alone in what follows is charged when its worker dies."""
    seen = []

    def look(message, work):
        seen.append(Claim.objects.get().threads)

    def handle(tasks):
        look(None, None)
        yield tasks

    handled(handle)
    let(Act, look)
    sent(3)
    send(Act())
    run()
    assert seen == [3, 1]


def test_no_more_are_given_at_once_than_the_handler_takes(handled):
    seen = []

    def handle(tasks):
        seen.append(len(tasks))
        yield tasks

    handled(handle)
    sent(20)
    assert run() == 20
    assert seen == [8, 8, 4]


def test_when_time_is_up_no_more_are_begun_and_those_go_back_untouched(handled, settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_seconds": 0.01}

    def handle(tasks):
        time.sleep(0.05)  # longer than a chunk may take
        yield tasks

    handled(handle)
    claiming.costs.seconds["tests.act_in_company"] = 0.0
    sent(20)
    assert run() == 8
    assert statuses() == ["success"] * 8 + ["pending"] * 12
    assert set(StoredCommand.objects.filter(status="pending").values_list("attempts", flat=True)) == {0}


def test_a_handler_takes_at_least_one():
    with pytest.raises(ValueError, match="0 commands at once"):
        handles_together(ActInCompany, most=0)


def test_a_handler_that_is_done_with_a_command_twice_fails_those_of_that_group(handled):
    def handle(tasks):
        yield tasks[:1]
        yield [tasks[1], tasks[2], tasks[0]]

    handled(handle)
    sent(4)
    run()
    assert statuses() == ["success", "pending", "pending", "pending"]
    assert {one.message for one in Attempt.objects.all()} == {"the handler is done with a command twice"}


def test_a_group_is_locked_in_the_order_of_its_ids(handled, monkeypatch):
    """As cancel_commands locks them: neither waits for a row that the other will not give up."""
    locked, let_go = [], execution.let_go
    monkeypatch.setattr(execution, "let_go", lambda claimed: (locked.append(claimed.id), let_go(claimed)))
    handled(lambda tasks: iter([tasks[::-1]]))
    identifiers = sent(3)
    run()
    assert locked == identifiers and statuses() == ["success"] * 3


def success(task: Task) -> None:
    task.work.append(f"tests.matter-{task.command.number}", Happened())


def failure(task: Task) -> None:
    def decided() -> Exception:
        append(f"tests.matter-{task.command.number}", Happened())
        return Refused("no")

    task.outcome = decided


@pytest.fixture
def locked(monkeypatch) -> Iterator[Any]:
    """Somebody keeps the stream of the second one locked, until the connection is closed."""
    monkeypatch.setattr(recording, "LOCK_TIMEOUT", 0.05)
    monkeypatch.setattr(recording, "LAST_PATIENCE", 0.2)
    with transaction.atomic():
        append("tests.matter-1", Happened())
    other = connection.copy()
    other.set_autocommit(False)
    with other.cursor() as cursor:
        cursor.execute("SELECT FROM ops_engine_stream WHERE id = 'tests.matter-1' FOR UPDATE")
    yield other
    other.close()


@pytest.mark.parametrize("come_of_it", [success, failure])
def test_one_that_is_locked_by_somebody_keeps_the_others_from_nothing_and_spends_no_attempt(
    handled, locked, come_of_it
):
    def handle(tasks):
        for task in tasks:
            (come_of_it if task.command.number == 1 else success)(task)
        yield tasks
        assert statuses() == ["success", "processing", "success"]

    handled(handle)
    sent(3)
    run()
    assert statuses() == ["success", "pending", "success"]
    assert (version_of("tests.matter-1"), Attempt.objects.get().outcome) == (1, "snoozed")
    assert "kept locked" in Attempt.objects.get().message
    assert StoredCommand.objects.get(status="pending").attempts == 0


@pytest.mark.parametrize(("come_of_it", "status"), [(success, "success"), (failure, "pending")])
def test_one_that_was_locked_is_recorded_when_it_is_free(handled, locked, monkeypatch, come_of_it, status):
    """What it did is done: it would be done again."""

    def handle(tasks):
        for task in tasks:
            come_of_it(task)
        yield tasks
        locked.close()

    monkeypatch.setattr(recording, "LAST_PATIENCE", 20.0)
    handled(handle)
    sent(2)
    run()
    assert statuses() == [status] * 2 and version_of("tests.matter-1") == 2
    assert set(Attempt.objects.values_list("outcome", flat=True)) == ({"retry"} if status == "pending" else set())


@pytest.mark.parametrize("outcome", [None, Refused("no"), Cancel("not wanted")])
def test_a_command_that_somebody_keeps_locked_comes_back_with_its_claim(handled, monkeypatch, outcome):
    monkeypatch.setattr(recording, "LOCK_TIMEOUT", 0.05)
    monkeypatch.setattr(recording, "LAST_PATIENCE", 0.2)
    first, other = sent(2)
    lock, recorded = connection.copy(), []
    lock.set_autocommit(False)

    def handle(tasks):
        with lock.cursor() as cursor:
            cursor.execute("SELECT FROM ops_engine_command WHERE id = %s FOR UPDATE", [first])
        tasks[0].outcome = outcome
        yield tasks
        recorded.extend(statuses())

    last = recording.record_at_last
    monkeypatch.setattr(together, "record_at_last", lambda *given: (last(*given), lock.close()))
    handled(handle)
    began = time.monotonic()
    run()
    assert time.monotonic() - began < 10
    assert recorded == ["processing", "success"] and statuses() == ["pending", "success"]
    assert command(first).attempts == 0


def fail_by_a_statement(tasks: Sequence[Task]) -> Iterator[Sequence[Task]]:
    yield []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 10; SELECT pg_sleep(5)")


def fail_by_an_error_of_the_database(tasks: Sequence[Task]) -> Iterator[Sequence[Task]]:
    yield []
    tasks[0].outcome = OperationalError("of long ago")
    yield tasks


@pytest.mark.parametrize("handle", [fail_by_a_statement, fail_by_an_error_of_the_database])
def test_whoever_has_given_back_the_connection_and_then_fails_has_failed(handled, handle):
    handled(handle)
    (identifier,) = sent(1)
    run()
    stored = command(identifier)
    assert (stored.status, stored.attempts, stored.losses) == ("pending", 1, 0)
    assert Attempt.objects.get().error_class == "OperationalError"


def test_what_a_failure_writes_is_stored_with_its_record(handled):
    def decided(task):
        append(f"tests.matter-{task.command.number}", Happened())
        return [RetryAt(at=LATER), Refused("no"), Cancel("not wanted"), "nonsense"][task.command.number]

    def handle(tasks):
        for task in tasks:
            task.outcome = partial(decided, task)
        yield tasks

    handled(handle)
    identifiers = sent(4)
    run()
    assert [command(one).status for one in identifiers] == ["pending", "pending", "cancelled", "pending"]
    assert command(identifiers[0]).not_before == LATER
    assert "'nonsense' is no outcome" in attempts(identifiers[3])[0].message
    for number, identifier in enumerate(identifiers):
        assert StoredEvent.objects.get(stream=f"tests.matter-{number}").cause_id == identifier


def test_a_failure_that_cannot_write_leaves_nothing_and_is_judged_by_that(handled):
    def refuse():
        append("tests.matter-1", Happened())
        append("tests.matter-1", Happened(), expected=7)

    def handle(tasks):
        tasks[0].outcome = refuse
        yield tasks

    handled(handle)
    sent(2)
    run()
    assert statuses() == ["pending", "success"] and version_of("tests.matter-1") == 0
    assert Attempt.objects.get().error_class == "StreamConflict"


def test_a_worker_that_lost_its_claim_writes_nothing_about_a_failure(handled):
    def decided():
        append("tests.matter-1", Happened())
        return Refused("too late")

    def handle(tasks):
        lose(chunk)
        tasks[0].outcome = decided
        yield tasks

    handled(handle)
    sent(1)
    chunk = claim()
    execution.run(chunk)
    assert statuses() == ["pending"] and version_of("tests.matter-1") == 0
    assert not StoredEvent.objects.exists()


def test_a_lost_connection_gives_all_of_them_back_to_run_again(handled):
    def handle(tasks):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pid = cursor.fetchone()[0]
        _terminate(pid)
        yield tasks

    handled(handle)
    sent(3)
    with pytest.raises(DatabaseAway):
        execution.run(claim())
    connection.close()
    heart.beat()
    assert statuses() == ["pending"] * 3
    assert set(StoredCommand.objects.values_list("attempts", flat=True)) == {0}


def _terminate(pid: int) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    finally:
        other.close()


def test_batches_keys_and_reprocessings_are_settled_as_ever(handled):
    handled(lambda tasks: iter([tasks]))
    identifier = send_batch([ActInCompany(number=number) for number in range(3)], on_success=Act(number=9))
    held = send(ActInCompany(), unique="once").id
    run()
    assert batch(identifier).status == "success"
    assert command(held).status == "success" and not UniqueKey.objects.exists()
    assert StoredCommand.objects.get(type="tests.act").status == "pending"

    def fail(tasks):
        for task in tasks:
            task.outcome = Discard("never")
        yield tasks

    handled(fail)
    (root,) = sent(1)
    run_until_idle()
    handled(lambda tasks: iter([tasks]))
    made = operations.reprocess_commands([root], actor="ana").made
    run_until_idle()
    assert command(root).healed_by == made[0]


def test_a_payload_that_does_not_fit_fails_alone(handled):
    handled(lambda tasks: iter([tasks]))
    identifiers = sent(3)
    StoredCommand.objects.filter(pk=identifiers[1]).update(payload={"number": "many"})
    run()
    assert statuses() == ["success", "error", "success"]


def test_slow_ones_are_claimed_by_as_many_as_can_be_done_at_once(handled, settings):
    """A chunk that waited long says nothing about what one more would have cost."""
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_seconds": 0.4}
    handled(lambda tasks: iter([tasks]))
    claiming.costs.seconds["tests.act_in_company"] = configuration().chunk_seconds / 8
    sent(20)
    assert len(claim().commands) == 8


def test_versions_are_right_when_several_append_to_the_same_stream(handled):
    def handle(tasks):
        for task in tasks:
            task.work.append(f"tests.matter-{task.command.number % 2}", Happened())
        yield tasks[:2]
        yield tasks[2:4]

    with transaction.atomic():
        append("tests.matter-0", Happened())
    handled(handle)
    sent(4)
    run()
    assert (version_of("tests.matter-0"), version_of("tests.matter-1")) == (3, 2)
