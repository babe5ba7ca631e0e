"""Handlers that wait for the world outside, many at a time."""

import threading
from uuid import UUID

import pytest
from django.db import connection

from opsconsole.embedded.waiting import wait_until
from opsconsole.engine import execution, send, send_batch
from opsconsole.engine.faults import DatabaseAway
from opsconsole.engine.heartbeat import heart
from opsconsole.engine.models import Claim
from opsconsole.engine.threads import _pools, end_threads
from tests.factories import Refused, attempts, batch, claim, command, lose, make_due, note_effect, run, statuses
from tests.handlers_app.messages import ActTogether
from tests.handlers_app.models import Entry
from tests.handlers_app.scripts import forget, let


def test_as_many_run_at_once_as_were_asked_for_and_no_more():
    together = threading.Barrier(4, timeout=10)
    running, most = [], []
    lock = threading.Lock()

    def meet(message, work):
        with lock:
            running.append(work.id)
            most.append(len(running))
        together.wait()
        with lock:
            running.remove(work.id)

    let(ActTogether, meet)
    identifiers = [send(ActTogether(number=number)).id for number in range(8)]
    assert run() == 8
    assert [command(one).status for one in identifiers] == ["success"] * 8
    assert max(most) == 4


def test_the_claim_says_how_many_ran_at_once():
    seen = []
    let(ActTogether, lambda message, work: seen.append(Claim.objects.get().threads))
    send(ActTogether())
    run()
    assert seen == [4]


def test_what_was_not_begun_when_time_is_up_is_given_back_to_other_workers(settings):
    settings.OPSCONSOLE = {**settings.OPSCONSOLE, "chunk_seconds": 0.0}
    together = threading.Barrier(4, timeout=10)

    def meet(message, work):
        together.wait()

    let(ActTogether, meet)
    for number in range(10):
        send(ActTogether(number=number))
    assert run() == 4
    assert sorted(statuses()) == ["pending"] * 6 + ["success"] * 4
    assert not Claim.objects.exists()


def test_each_keeps_its_own_cause():
    def fan_out(message, work):
        work.send(ActTogether(number=message.number + 100))

    let(ActTogether, fan_out)
    identifiers = [send(ActTogether(number=number)).id for number in range(6)]
    run()
    from opsconsole.engine.models import Command as StoredCommand

    for number, identifier in enumerate(identifiers):
        assert StoredCommand.objects.get(payload__number=number + 100).cause_id == identifier


def test_one_failure_harms_no_other():
    def fail_for_two(message, work):
        if message.number == 2:
            raise Refused

    let(ActTogether, fail_for_two)
    identifier = send_batch(ActTogether(number=number) for number in range(5))
    run()
    stored = batch(identifier)
    assert (stored.status, stored.success_count, stored.error_count) == ("error", 4, 1)


def test_workers_of_a_lost_claim_cannot_finish_in_any_thread():
    chunk_lost = threading.Event()
    together = threading.Barrier(4, timeout=10)

    def be_slow(message, work):
        if together.wait() == 0:
            lose(chunk)
            chunk_lost.set()
        chunk_lost.wait(10)
        work.send(ActTogether(number=99))

    let(ActTogether, be_slow)
    identifiers = [send(ActTogether(number=number)).id for number in range(6)]
    chunk = claim()
    execution.run(chunk)
    assert [command(one).status for one in identifiers] == ["pending"] * 6
    assert [command(one).attempts for one in identifiers] == [0] * 6


def test_one_broken_connection_lets_the_others_end_what_they_began():
    """Were the chunk given back while they run, others would do their work a second time."""
    gone = threading.Event()

    def break_down(message, work):
        note_effect(message, work)
        if message.number == 0 and not gone.is_set():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                pid = cursor.fetchone()[0]
            _terminate(pid)
            gone.set()
        gone.wait(10)

    let(ActTogether, break_down)
    identifiers = [send(ActTogether(number=number)).id for number in range(4)]
    chunk = claim()
    with pytest.raises(DatabaseAway):
        execution.run(chunk)
    heart.beat()
    assert [command(one).status for one in identifiers] == ["pending", "success", "success", "success"]
    assert command(identifiers[0]).attempts == 0
    assert not attempts(identifiers[0])
    forget()
    make_due()
    run()
    assert command(identifiers[0]).status == "success"


def test_threads_end_with_their_connections():
    def name_connection(message, work):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pids.append(cursor.fetchone()[0])

    pids: list[int] = []
    let(ActTogether, name_connection)
    send(ActTogether())
    run()
    assert _pools
    end_threads()
    assert not _pools
    assert wait_until(lambda: not _sessions(pids), 10)


def test_threads_keep_their_connections_between_commands():
    pids: set[int] = set()

    def name_connection(message, work):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            pids.add(cursor.fetchone()[0])

    let(ActTogether, name_connection)
    for _ in range(3):
        for number in range(8):
            send(ActTogether(number=number))
        run()
    assert len(pids) <= 4


def test_effects_are_those_of_every_command():
    let(ActTogether, note_effect)
    identifiers: set[UUID] = {send(ActTogether(number=number)).id for number in range(20)}
    run()
    assert set(Entry.objects.values_list("command_id", flat=True)) == identifiers


def _sessions(pids: list[int]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s)", [pids])
        return int(cursor.fetchone()[0])


def _terminate(pid: int) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    finally:
        other.close()
