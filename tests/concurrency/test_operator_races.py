"""Operators against each other and against workers: one winner, and nobody is told a lie."""

import random
from uuid import UUID

import pytest

from opsconsole.engine import claiming, draining, send, send_batch, testing
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import UniqueKey
from opsconsole.engine.operations import (
    Tally,
    cancel_commands,
    reprocess_commands,
    reprocess_events,
    retry_commands,
)
from opsconsole.kernel import clock
from tests.concurrency.races import at_once, rounds
from tests.factories import attempts, claim, command, event, failed, happen, let_fail, make_due, note_effect, react, run
from tests.handlers_app.messages import Act, ActAgain, Happened
from tests.handlers_app.models import Entry
from tests.handlers_app.scripts import forget, let, let_react


def work() -> int:
    """What a worker does that looks once."""
    chunk = claiming.claim_commands("default")
    return draining.execute_chunk(chunk) if chunk else 0


def truthful(tally: Tally, asked: int) -> bool:
    return tally.changed + tally.skipped_count == asked


@rounds(30, 500)
def test_reprocess_against_reprocess_has_one_winner(rounds):
    for _ in range(rounds):
        root = failed(Act())
        tallies = at_once(*(lambda name=name: reprocess_commands([root], actor=name) for name in ("ana", "ben", "eva")))
        assert sorted(tally.changed for tally in tallies) == [0, 0, 1]
        assert all(truthful(tally, 1) for tally in tallies)
        assert StoredCommand.objects.filter(cause_id=root).count() == 1
        run()


@rounds(30, 500)
def test_reprocess_against_the_success_of_another_makes_no_second_success(rounds):
    """The first reprocessing is just succeeding while an operator asks for one more."""
    for _ in range(rounds):
        root = failed(Act())
        reprocess_commands([root], actor="ana")
        chunk = claim()
        let(Act, note_effect)
        _, tally = at_once(
            lambda chunk=chunk: draining.execute_chunk(chunk), lambda: reprocess_commands([root], actor="ben")
        )
        assert tally.changed == 0
        assert set(tally.skipped) <= {"already being reprocessed", "a reprocessing has already succeeded"}
        assert truthful(tally, 1)
        forget()
    assert Entry.objects.count() == rounds


@rounds(40, 800)
def test_cancel_against_claim_has_one_winner(rounds):
    let(Act, note_effect)
    outcomes = set()
    for _ in range(rounds):
        claiming.forget()
        identifier = send(Act()).id
        tally, ended = at_once(lambda: cancel_commands([identifier], actor="ana"), work)
        status, effects = command(identifier).status, Entry.objects.filter(command_id=identifier).count()
        assert (status, effects, tally.changed, ended) in {("cancelled", 0, 1, 0), ("success", 1, 0, 1)}
        assert truthful(tally, 1)
        assert set(tally.skipped) <= {"it is running already", "it has ended: success"}
        outcomes.add(status)
    assert outcomes, "some outcome, whichever"


@rounds(30, 500)
def test_retry_against_claim_runs_it_once(rounds):
    let(ActAgain, note_effect)
    for _ in range(rounds):
        claiming.forget()
        identifier = send(ActAgain(), not_before=clock.now()).id
        tally, _ = at_once(lambda: retry_commands([identifier], actor="ana"), work)
        assert truthful(tally, 1)
        testing.run_until_idle(ignore_due_times=True)
        assert Entry.objects.filter(command_id=identifier).count() == 1
        assert command(identifier).attempts == 1


@rounds(30, 500)
def test_retry_against_cancel_never_revives_what_was_cancelled(rounds):
    for _ in range(rounds):
        identifier = send(Act(), not_before=clock.now().replace(year=clock.now().year + 1)).id
        retried, cancelled = at_once(
            lambda: retry_commands([identifier], actor="ana"), lambda: cancel_commands([identifier], actor="ben")
        )
        assert cancelled.changed == 1
        assert command(identifier).status == "cancelled"
        assert retried.changed == 1 or retried.skipped == {"it is cancelled, not waiting for its time": 1}


@rounds(30, 500)
def test_cancel_against_reprocess_leaves_at_most_one_live_reprocessing(rounds):
    for _ in range(rounds):
        root = failed(Act())
        (made,) = reprocess_commands([root], actor="ana").made
        cancelled, reprocessed = at_once(
            lambda: cancel_commands([made], actor="ben"), lambda: reprocess_commands([root], actor="eva")
        )
        assert cancelled.changed == 1
        assert truthful(reprocessed, 1)
        live = set(StoredCommand.objects.filter(cause_id=root, status="pending").values_list("id", flat=True))
        assert live == set(reprocessed.made)
        assert set(UniqueKey.objects.values_list("command_id", flat=True)) == live
        cancel_commands(list(live), actor="ana")


@rounds(4, 100)
def test_operators_with_the_same_large_selection_do_not_block_each_other(rounds):
    """Rows are locked in one order, whatever order they were named in."""
    for _ in range(rounds):
        let_fail(Act)
        roots = [send(Act(number=number)).id for number in range(60)]
        run()
        forget()
        tallies = at_once(*(lambda ids=_shuffled(roots): reprocess_commands(ids, actor="ana") for _ in range(3)))
        assert sum(tally.changed for tally in tallies) == 60
        assert all(truthful(tally, 60) for tally in tallies)
        live = list(StoredCommand.objects.filter(cause_id__in=roots, status="pending").values_list("id", flat=True))
        tallies = at_once(*(lambda ids=_shuffled(live): cancel_commands(ids, actor="ana") for _ in range(3)))
        assert sum(tally.changed for tally in tallies) == 60
        assert not UniqueKey.objects.exists()


@rounds(10, 100)
def test_operators_with_the_same_events_do_not_block_each_other(rounds):
    def fail(message, work):
        raise ValueError

    for _ in range(rounds):
        let_react(Happened, fail)
        emitted = [happen(Happened(number=number)) for number in range(40)]
        react()
        tallies = at_once(*(lambda ids=_shuffled(emitted): reprocess_events(ids, actor="ana") for _ in range(4)))
        assert sum(tally.changed for tally in tallies) == 40
        assert all(truthful(tally, 40) for tally in tallies)
        let_react(Happened, lambda message, work: None)
        testing.run_until_idle()
        assert {event(one).status for one in emitted} == {"success"}


@rounds(10, 100)
def test_cancelling_a_batch_while_it_is_worked_on_counts_every_member_once(rounds):
    for _ in range(rounds):
        identifier = send_batch([Act(number=number) for number in range(30)])
        members = list(StoredCommand.objects.filter(batch_id=identifier).values_list("id", flat=True))
        tally, done, more = at_once(lambda: cancel_commands(members, actor="ana"), work, work)
        assert tally.changed + done + more == 30
        assert truthful(tally, 30)
        from tests.factories import batch

        stored = batch(identifier)
        assert stored.success_count == done + more
        assert stored.cancelled_count == tally.changed
        assert stored.status == ("cancelled" if tally.changed else "success")


@pytest.mark.parametrize("producers", [64])
def test_many_producers_of_one_key_make_one_command(producers):
    sent = at_once(*[lambda: send(Act(), unique="one")] * producers)
    assert sum(one.is_new for one in sent) == 1
    assert len({one.id for one in sent}) == 1
    assert StoredCommand.objects.count() == UniqueKey.objects.count() == 1


@rounds(10, 200)
def test_a_key_that_is_just_being_freed_is_given_to_one(rounds):
    for _ in range(rounds):
        claiming.forget()
        first = send(Act(), unique="one").id
        chunk = claim()
        answers = at_once(lambda chunk=chunk: draining.execute_chunk(chunk), *[lambda: send(Act(), unique="one")] * 6)[
            1:
        ]
        live = set(StoredCommand.objects.filter(status="pending").values_list("id", flat=True))
        assert len(live) == len({one.id for one in answers if one.is_new}) <= 1
        assert {one.id for one in answers} <= live | {first}
        make_due()
        testing.run_until_idle()


def test_attempts_of_a_command_are_numbered_without_a_gap_whoever_ran_them():
    let_fail(ActAgain)
    identifier = send(ActAgain()).id
    for _ in range(3):
        make_due()
        claiming.forget()
        at_once(work, work)
    assert [one.number for one in attempts(identifier)] == [1, 2, 3]


def _shuffled(identifiers: list[UUID]) -> list[UUID]:
    return random.sample(identifiers, len(identifiers))
