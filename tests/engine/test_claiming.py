"""Taking due work: order, chunks, suspects, pauses, and the mark below which nobody looks."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from opsconsole.engine import Snooze, claiming, execution, send
from opsconsole.engine.heartbeat import heart
from opsconsole.engine.models import Claim, Pause
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.kernel import clock
from tests.factories import claim, command, event, happen, let_fail, lose, make_due, react, run
from tests.handlers_app.messages import Act, ActAgain, ActElsewhere, ActUrgently
from tests.handlers_app.scripts import let


@pytest.fixture(autouse=True)
def _chunks_of_half_a_second(settings) -> None:
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_seconds": 0.5}


def claimed(queue: str = "default") -> list[int]:
    """The numbers of a fresh claim, in its order."""
    return [command(one.id).payload["number"] for one in claim(queue).commands]


def test_a_claim_stamps_its_rows():
    first, second = send(Act(number=1)).id, send(Act(number=2)).id
    chunk = claim()
    held = Claim.objects.get()
    assert (held.id, held.kind, held.queue, held.worker, held.size, held.threads) == (
        chunk.held.claim_id,
        "command",
        "default",
        heart.name,
        2,
        1,
    )
    for place, identifier in enumerate((first, second), 1):
        stored = command(identifier)
        assert (stored.status, stored.claim_id, stored.place) == ("processing", held.id, place)
        assert stored.started_at is not None


def test_nothing_due_means_no_claim():
    assert claiming.claim_commands("default") is None
    send(Act(), delay=timedelta(hours=1))
    claiming.forget()
    assert claiming.claim_commands("default") is None
    assert not Claim.objects.exists()


def test_what_another_worker_holds_is_passed_over():
    send(Act(number=1))
    claim()
    send(Act(number=2))
    assert claimed() == [2]


def test_rows_locked_by_somebody_are_passed_over_without_waiting():
    locked = send(Act(number=1)).id
    send(Act(number=2))
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM ops_engine_command WHERE id = %s FOR UPDATE", [locked])
        assert claimed() == [2]
    finally:
        other.close()


def test_lower_priorities_go_first_then_due_times_then_the_order_of_sending():
    now = clock.now()
    send(Act(number=5), not_before=now - timedelta(minutes=1))
    send(Act(number=6), not_before=now - timedelta(minutes=1))
    send(Act(number=4), not_before=now - timedelta(minutes=2))
    send(Act(number=9), priority=5, not_before=now - timedelta(days=1))
    send(ActUrgently(number=1))
    send(Act(number=0), priority=-6)
    assert claimed() == [0, 1, 4, 5, 6, 9]


def test_more_urgent_work_is_found_although_the_mark_has_risen():
    for number in range(3):
        send(Act(number=number), priority=3)
    claim()
    send(ActUrgently(number=10))
    send(Act(number=11), priority=2)
    chunk = claiming.claim_commands("default")
    assert [command(one.id).payload["number"] for one in chunk.commands] == [10, 11]


def test_a_chunk_holds_no_more_than_its_size(settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_size": 3}
    for number in range(5):
        send(Act(number=number))
    assert claimed() == [0, 1, 2]
    assert claimed() == [3, 4]


def test_queues_are_claimed_apart():
    send(Act(number=1))
    send(ActElsewhere(number=2))
    assert claimed() == [1]
    assert claimed("elsewhere") == [2]


def test_slow_types_are_not_hoarded():
    claiming.costs.learn("tests.act", 0.2)
    for number in range(5):
        send(Act(number=number))
    assert claimed() == [0, 1]
    assert claimed() == [2, 3]


def test_a_command_slower_than_any_chunk_runs_alone():
    claiming.costs.learn("tests.act", 60.0)
    send(Act(number=1))
    send(Act(number=2))
    assert claimed() == [1]


def test_quick_types_behind_a_slow_one_wait_for_their_own_chunk():
    claiming.costs.learn("tests.act_again", 0.4)
    send(Act(number=1))
    send(ActAgain(number=2))
    send(Act(number=3))
    send(ActAgain(number=4))
    assert claimed() == [1, 2, 3]
    assert claimed() == [4]


def test_costs_are_learnt_from_what_was_executed_and_forget_slowly():
    claiming.costs.learn("tests.act", 1.0)
    claiming.costs.learn("tests.act", 2.0)
    assert claiming.costs.seconds["tests.act"] == pytest.approx(1.2)
    send(ActElsewhere())
    run("elsewhere")
    assert 0 < claiming.costs.seconds["tests.act_elsewhere"] < 0.5


def test_a_suspect_of_a_lost_claim_runs_alone():
    identifiers = [send(Act(number=number)).id for number in range(3)]
    lose(claim())
    assert [command(one).losses for one in identifiers] == [1, 0, 0]
    assert claimed() == [1, 2], "the suspect waits a little, its neighbours go first"
    make_due()
    send(Act(number=7))
    assert claimed() == [0]
    assert claimed() == [7]


def test_a_suspect_whose_next_try_is_on_record_runs_in_company_again():
    """Its worker has survived it. To be put off says nothing: the handler may not even have begun."""
    suspects = [send(ActAgain(number=number)).id for number in range(2)]
    StoredCommand.objects.filter(pk__in=suspects).update(losses=1)
    let(ActAgain, lambda message, work: Snooze(wait=timedelta(0)))
    execution.run(claim())
    assert [command(one).losses for one in suspects] == [1, 1]
    let_fail(ActAgain)
    for _ in suspects:
        execution.run(claim())
    assert [command(one).losses for one in suspects] == [0, 0]
    make_due()
    assert sorted(claimed()) == [0, 1]


def test_a_suspect_ends_the_chunk_before_it():
    first, suspect, last = (send(Act(number=number)).id for number in range(3))
    StoredCommand.objects.filter(pk=suspect).update(losses=1)
    assert claimed() == [0]
    assert claimed() == [1]
    assert claimed() == [2]
    assert {command(one).status for one in (first, suspect, last)} == {"processing"}


@pytest.mark.parametrize(("scope", "key"), [("type", "tests.act"), ("queue", "default"), ("tenant", "north")])
def test_what_is_paused_is_not_claimed_until_it_is_resumed(scope: str, key: str):
    Pause.objects.create(scope=scope, key=key)
    send(Act(number=1), tenant="north")
    claiming.forget()
    assert claiming.claim_commands("default") is None
    Pause.objects.all().delete()
    assert claimed() == [1]


@pytest.mark.parametrize(("scope", "key"), [("type", "tests.act"), ("queue", "default"), ("tenant", "north")])
def test_a_pause_holds_back_nothing_else(scope: str, key: str):
    Pause.objects.create(scope=scope, key=key)
    send(Act(number=1), tenant="north")
    send(ActElsewhere(number=2), tenant="south")
    assert claimed("elsewhere") == [2]


def test_a_pause_ends_by_itself():
    with clock.freeze(clock.now()):
        Pause.objects.create(scope="type", key="tests.act", until=clock.now() + timedelta(minutes=5))
        send(Act(number=1))
        claiming.forget()
        assert claiming.claim_commands("default") is None
        clock.advance(timedelta(minutes=6))
        assert claimed() == [1]


def test_a_pause_takes_hold_within_a_second_and_is_not_asked_for_at_every_claim(monkeypatch):
    moment = [1000.0]
    monkeypatch.setattr(claiming.time, "monotonic", lambda: moment[0])
    send(Act(number=1))
    claim()
    Pause.objects.create(scope="queue", key="default")
    send(Act(number=2))
    moment[0] += 1.1
    assert claiming.claim_commands("default") is None


def _commit_with_an_old_due_time(number: int) -> None:
    """As a transaction that took long to commit, or a row that was given back, leaves it."""
    with transaction.atomic():
        send(Act(number=number), not_before=clock.now() - timedelta(minutes=10))


def test_the_mark_hides_nothing_that_committed_a_little_late():
    send(Act(number=1))
    claim()
    send(Act(number=2), not_before=clock.now() - timedelta(seconds=4))
    chunk = claiming.claim_commands("default")
    assert [command(one.id).payload["number"] for one in chunk.commands] == [2]


def test_the_mark_hides_late_work_no_longer_than_its_term(monkeypatch):
    moment = [1000.0]
    monkeypatch.setattr(claiming.time, "monotonic", lambda: moment[0])
    send(Act(number=1))
    claim()
    _commit_with_an_old_due_time(2)
    assert claiming.claim_commands("default") is None, "this is what the mark is for"
    moment[0] += claiming.FULL_SCAN + 0.1
    chunk = claiming.claim_commands("default")
    assert [command(one.id).payload["number"] for one in chunk.commands] == [2]


def test_the_mark_does_not_hide_the_rows_of_a_lost_claim_beyond_the_time_promised_for_their_rescue():
    """Lease and two seconds: a sweep may come a good half second after the lease, a full look as late after that."""
    from opsconsole.engine.configuration import Configuration

    assert Configuration().sweep * 1.1 + claiming.FULL_SCAN < 2.0


def test_the_mark_of_one_queue_says_nothing_about_another():
    send(Act(number=1))
    claim()
    send(ActElsewhere(number=2), not_before=clock.now() - timedelta(minutes=10))
    chunk = claiming.claim_commands("elsewhere")
    assert len(chunk.commands) == 1


def test_events_that_commit_late_are_found_by_the_next_full_look(monkeypatch):
    moment = [1000.0]
    monkeypatch.setattr(claiming.time, "monotonic", lambda: moment[0])
    claiming.forget()
    from opsconsole.kernel.identifiers import uuid7_at

    happen()
    assert claiming.claim_events() is not None
    late = happen()
    StoredEvent.objects.filter(pk=late).update(id=uuid7_at(clock.now() - timedelta(minutes=10)))
    assert claiming.claim_events() is None
    moment[0] += claiming.FULL_SCAN + 0.1
    assert claiming.claim_events() is not None


def test_events_are_claimed_oldest_first():
    emitted = [happen() for _ in range(4)]
    chunk = claiming.claim_events()
    assert [one.id for one in chunk.events] == emitted


def test_an_event_of_a_newer_version_is_left_to_a_worker_that_knows_it_for_a_while(settings):
    newer, known = happen(), happen()
    StoredEvent.objects.filter(pk=newer).update(schema_version=2)
    assert [one.id for one in claiming.claim_events().events] == [known]
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "unknown_grace": 0.0}
    claiming.forget()
    react()
    assert (event(newer).status, event(newer).error_class) == ("error", "NewerVersion")


def test_what_was_due_since_the_beginning_of_time_is_claimed():
    send(Act(number=1), not_before=datetime.min.replace(tzinfo=UTC))
    assert claimed() == [1]


def test_what_an_error_keeps_a_worker_from_holding_is_given_back_by_the_next_beat(monkeypatch):
    """The claim has committed; nobody would know of it until its lease ends."""
    sent, happened = send(Act()).id, happen()

    def fail(*arguments):
        raise OverflowError

    for name, take in (("ClaimedCommand", claim), ("ClaimedEvent", claiming.claim_events)):
        monkeypatch.setattr(getattr(claiming, name), "_make", fail)
        with pytest.raises(OverflowError):
            take()
    assert (command(sent).status, event(happened).status) == ("processing", "processing")
    heart.beat()
    assert (command(sent).status, event(happened).status) == ("pending", "pending")
    assert (command(sent).losses, Claim.objects.count()) == (0, 0)


def test_releasing_a_chunk_gives_back_what_was_not_begun():
    identifiers = [send(Act(number=number)).id for number in range(2)]
    chunk = claim()
    claiming.release(chunk)
    for identifier in identifiers:
        stored = command(identifier)
        assert (stored.status, stored.claim_id, stored.place, stored.attempts, stored.losses) == (
            "pending",
            None,
            None,
            0,
            0,
        )
    assert not Claim.objects.exists()
    assert not heart._held


def test_rows_of_a_released_chunk_are_seen_at_once_by_the_worker_that_released_them():
    for number in range(2):
        send(Act(number=number))
    claiming.release(claim())
    assert len(claiming.claim_commands("default").commands) == 2


def test_the_claim_reads_the_index_of_pending_commands_in_its_order():
    """A sort or a sequential scan here would cost every claim the whole backlog."""
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT id FROM ops_engine_command WHERE status = 'pending' AND queue = 'default'"
            " AND (priority, not_before) >= (0, now()) ORDER BY priority, not_before, id LIMIT 100"
            " FOR NO KEY UPDATE SKIP LOCKED"
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("RESET enable_seqscan")
    assert "Index" in plan
    assert "Seq Scan" not in plan


def test_a_chunk_survives_an_error_while_it_is_executed(monkeypatch):
    """What is claimed is either run or given back, whatever happens on the way."""
    from opsconsole.engine import settling

    send_many = [send(Act(number=number)).id for number in range(2)]
    chunk = claim()

    def fail(batch_ids):
        raise OSError("the disk is gone")

    monkeypatch.setattr(settling, "begin", fail)
    with pytest.raises(OSError):
        execution.run(chunk)
    assert [command(one).status for one in send_many] == ["pending", "pending"]
    assert not heart._held
