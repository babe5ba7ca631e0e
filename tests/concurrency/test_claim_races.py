"""Workers, sweepers and dispatchers at once: everything is done, and done once."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection

from opsconsole.engine import claiming, draining, partitions, rollups, send, sequencing, sweeping
from opsconsole.engine.dispatcher import Dispatcher
from opsconsole.engine.models import Attempt, Claim, Rollup
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.kernel import clock
from tests.concurrency.races import at_once, rounds
from tests.factories import claim, command, expire, happen, note_effect, send_batch
from tests.handlers_app.messages import Act, ActAgain, Happened
from tests.handlers_app.models import Entry
from tests.handlers_app.scripts import let, let_react


@pytest.mark.parametrize("mark", [None, 5], ids=["regular", "urgent"])
@rounds(4, 50)
def test_workers_that_claim_at_once_never_claim_the_same_command(rounds, mark, settings):
    """Work below the mark that a less urgent command left is looked for apart."""
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_size": 7}
    for _ in range(rounds):
        if mark is not None:
            send(Act(), priority=mark)
            claim()
        for number in range(100):
            send(Act(number=number))
        claims = at_once(*[_claim_all] * 8)
        taken = Counter(identifier for one in claims for identifier in one)
        assert len(taken) == 100
        assert set(taken.values()) == {1}
        StoredCommand.objects.all().delete()
        Claim.objects.all().delete()


@rounds(4, 50)
def test_workers_that_claim_at_once_never_claim_the_same_event(rounds, settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "event_chunk_size": 7}
    for _ in range(rounds):
        emitted = {happen() for _ in range(60)}
        claims = at_once(*[_claim_all_events] * 8)
        taken = Counter(identifier for one in claims for identifier in one)
        assert set(taken) == emitted
        assert set(taken.values()) == {1}
        Claim.objects.all().delete()


def _claim_all_events() -> list:
    taken = []
    while chunk := claiming.claim_events():
        taken += [one.id for one in chunk.events]
    return taken


def _claim_all() -> list:
    """Each worker is a process of its own in reality, and so has a mark of its own."""
    taken = []
    while chunk := claiming.claim_commands("default"):
        taken += [one.id for one in chunk.commands]
    return taken


@rounds(3, 30)
def test_workers_that_drain_at_once_run_every_command_once(rounds, settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_size": 10}
    let(Act, note_effect)
    for _ in range(rounds):
        send_batch(Act(number=number) for number in range(200))
        at_once(*[_work] * 6)
    effects = Counter(Entry.objects.values_list("command_id", flat=True))
    assert len(effects) == 200 * rounds
    assert set(effects.values()) == {1}
    assert set(StoredCommand.objects.values_list("status", flat=True)) == {"success"}


def _work() -> None:
    while chunk := claiming.claim_commands("default"):
        draining.execute_chunk(chunk)


@rounds(3, 30)
def test_workers_that_react_at_once_react_to_every_event_once(rounds, settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "event_chunk_size": 10}
    let_react(Happened, lambda message, work: work.send(Act(number=message.number)))
    for _ in range(rounds):
        for number in range(60):
            happen(Happened(number=number))
        at_once(*[_react] * 4)
    assert StoredCommand.objects.count() == 60 * rounds
    assert set(StoredEvent.objects.values_list("status", flat=True)) == {"success"}


def _react() -> None:
    from opsconsole.engine import reacting

    while chunk := claiming.claim_events():
        reacting.run(chunk)


@rounds(5, 100)
def test_sweepers_at_once_charge_every_loss_once(rounds):
    for _ in range(rounds):
        identifiers = [send(ActAgain(number=number)).id for number in range(5)]
        for _ in identifiers:
            claiming.forget()
        chunks = [_claim_one() for _ in identifiers]
        for chunk in chunks:
            expire(chunk)
        swept = at_once(*[sweeping.sweep] * 3)
        assert sum(swept) == 5
        for identifier in identifiers:
            stored = command(identifier)
            assert (stored.status, stored.attempts, stored.losses) == ("pending", 1, 1)
        assert Attempt.objects.filter(subject_id__in=identifiers).count() == 5
        StoredCommand.objects.all().delete()


def _claim_one() -> claiming.Chunk:
    claiming.costs.learn("tests.act_again", 60.0)
    return claim()


@rounds(10, 200)
def test_a_heartbeat_and_a_sweeper_at_once_leave_one_truth(rounds):
    """Either the claim lives on with all its rows, or it is gone and its rows are free."""
    from opsconsole.engine.heartbeat import heart

    for _ in range(rounds):
        identifier = send(Act()).id
        chunk = claim()
        expire(chunk)
        heart._held[chunk.held.claim_id] = chunk.held
        at_once(heart.beat, sweeping.sweep)
        heart.beat()
        alive = Claim.objects.filter(pk=chunk.held.claim_id).exists()
        assert command(identifier).status == ("processing" if alive else "pending")
        assert chunk.held.is_lost.is_set() is not alive
        heart.release(chunk.held)
        StoredCommand.objects.all().delete()
        Claim.objects.all().delete()


@rounds(3, 30)
def test_dispatchers_that_both_believe_to_lead_do_no_harm(rounds):
    """Frozen and resumed, one may do the other's duties for a moment."""
    for number in range(rounds):
        for _ in range(20):
            happen()
            send(ActAgain())
        chunk = claim()
        expire(chunk)
        at_once(*(lambda name=name: _all_duties(name) for name in ("one", "two")))
        assert sorted(StoredEvent.objects.values_list("position", flat=True)) == list(range(1, 20 * (number + 1) + 1))
        assert StoredCommand.objects.filter(status="processing").count() == 0
        assert not Claim.objects.exists()
    assert Attempt.objects.filter(outcome="lost").count() == rounds


def _all_duties(name: str) -> None:
    for duty in Dispatcher(name=name).duties():
        duty.perform()


@rounds(3, 30)
def test_rollups_at_once_count_everything_once(rounds):
    then = clock.now() - timedelta(minutes=10)
    for number in range(rounds):
        for _ in range(10):
            send(Act())
        StoredCommand.objects.filter(status="pending").update(
            status="success", finished_at=then + timedelta(minutes=number)
        )
        with connection.cursor() as cursor:
            cursor.execute("UPDATE ops_engine_rollupmark SET until = %s", [then - timedelta(hours=1)])
        Rollup.objects.all().delete()
        at_once(*[rollups.roll_up] * 4)
        finished = 10 * min(number + 1, 8)
        assert sum(Rollup.objects.filter(span="minute").values_list("count", flat=True)) >= finished
        assert sum(Rollup.objects.filter(span="total").values_list("count", flat=True)) == sum(
            Rollup.objects.filter(span="minute").values_list("count", flat=True)
        )


def test_partitions_made_at_once_are_made_once():
    ahead = clock.now() + timedelta(days=70)
    try:
        with clock.freeze(ahead):
            made = [name for names in at_once(*[partitions.ensure_partitions] * 4) for name in names]
            assert made
            assert len(made) == len(set(made))
            assert partitions.ensure_partitions() == []
    finally:
        with connection.cursor() as cursor:
            for name in made:
                cursor.execute(f"DROP TABLE {name}")


@pytest.mark.parametrize("sequencers", [4])
def test_sequencers_at_once_give_every_event_one_position(sequencers):
    for _ in range(200):
        happen()
    counts = at_once(*[lambda: sequencing.sequence(30)] * sequencers)
    assert counts == [30] * sequencers
    while sequencing.sequence(30):
        pass
    assert sorted(StoredEvent.objects.values_list("position", flat=True)) == list(range(1, 201))
