"""One command a key: until it ends, or for as long as was asked."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from opsconsole.engine import send, testing
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import UniqueKey
from opsconsole.engine.operations import cancel_commands
from opsconsole.kernel import clock
from tests.factories import command, let_fail, run
from tests.handlers_app.messages import Act, ActAgain, ActOutside
from tests.handlers_app.scripts import let

PATIENCE = 5.0  # seconds


def test_whoever_comes_second_gets_the_firsts_id():
    first, second = send(Act(number=1), unique="one"), send(Act(number=2), unique="one")
    assert first.is_new
    assert (second.id, second.is_new) == (first.id, False)
    assert StoredCommand.objects.get().payload["number"] == 1


def test_keys_are_apart_by_type_and_by_name():
    assert send(Act(), unique="one").is_new
    assert send(Act(), unique="two").is_new
    assert send(ActAgain(), unique="one").is_new
    assert send(Act()).is_new


@pytest.mark.parametrize("message", [Act, ActOutside])
def test_a_key_is_free_again_once_its_command_has_succeeded(message):
    send(message(), unique="one")
    run()
    assert not UniqueKey.objects.exists()
    assert send(message(), unique="one").is_new


def test_a_key_is_free_again_once_its_command_has_failed_for_good():
    let_fail(Act)
    send(Act(), unique="one")
    run()
    assert send(Act(), unique="one").is_new


def test_a_key_is_held_while_a_retry_is_due():
    let_fail(ActAgain)
    first = send(ActAgain(), unique="one")
    run()
    assert command(first.id).status == "pending"
    assert send(ActAgain(), unique="one").id == first.id


def test_a_key_is_free_again_once_its_command_was_cancelled():
    first = send(Act(), unique="one")
    cancel_commands([first.id], actor="ana")
    assert send(Act(), unique="one").is_new


def test_a_key_with_a_window_outlives_its_command():
    with clock.freeze(clock.now()):
        first = send(Act(), unique="one", unique_for=timedelta(hours=1))
        run()
        assert command(first.id).status == "success"
        assert send(Act(), unique="one", unique_for=timedelta(hours=1)).id == first.id
        clock.advance(timedelta(minutes=61))
        assert send(Act(), unique="one", unique_for=timedelta(hours=1)).is_new


def test_a_window_is_not_extended_by_those_who_come_too_late():
    with clock.freeze(clock.now()):
        first = send(Act(), unique="one", unique_for=timedelta(hours=1))
        clock.advance(timedelta(minutes=50))
        assert send(Act(), unique="one", unique_for=timedelta(hours=1)).id == first.id
        clock.advance(timedelta(minutes=20))
        assert send(Act(), unique="one", unique_for=timedelta(hours=1)).is_new


def test_the_end_of_an_old_holder_does_not_free_the_key_of_the_new_one():
    """A window passed while its command was still waiting; the key is another one's now."""
    with clock.freeze(clock.now()):
        send(Act(number=1), unique="one", unique_for=timedelta(hours=1), delay=timedelta(hours=2))
        clock.advance(timedelta(minutes=61))
        second = send(Act(number=2), unique="one", delay=timedelta(hours=9))
        assert second.is_new
        clock.advance(timedelta(hours=2))
        run()
        assert send(Act(number=3), unique="one").id == second.id


def test_a_holder_ends_while_somebody_who_came_second_has_not_committed_yet():
    first = send(Act(), unique="one")
    worker = threading.Thread(target=_run_in_a_thread)
    with transaction.atomic():
        assert send(Act(), unique="one").id == first.id
        worker.start()
        worker.join(PATIENCE)
        assert not worker.is_alive(), "it waits for the sender"
    assert command(first.id).status == "success"


def _run_in_a_thread() -> None:
    try:
        run()
    finally:
        connection.close()


def test_a_rolled_back_sender_holds_nothing():
    with transaction.atomic():
        send(Act(), unique="one")
        transaction.set_rollback(True)
    assert send(Act(), unique="one").is_new


def test_a_failing_handler_holds_nothing():
    def send_and_fail(message, work):
        work.send(Act(), unique="one")
        raise ValueError

    let(ActAgain, send_and_fail)
    send(ActAgain())
    run()
    assert not UniqueKey.objects.exists()


def test_a_handler_that_asks_twice_sends_once():
    let(ActAgain, lambda message, work: [work.send(Act(), unique="one") for _ in range(2)] and None)
    send(ActAgain())
    run()
    assert StoredCommand.objects.filter(type="tests.act").count() == 1


def test_a_command_may_send_its_own_successor_under_the_same_key():
    """It ends in the transaction that stores the successor, and so no longer holds the key."""

    def go_on(message, work):
        if message.number < 3:
            work.send(Act(number=message.number + 1), unique="chain")

    let(Act, go_on)
    send(Act(number=1), unique="chain")
    testing.run_until_idle()
    assert list(StoredCommand.objects.order_by("id").values_list("payload__number", flat=True)) == [1, 2, 3]
