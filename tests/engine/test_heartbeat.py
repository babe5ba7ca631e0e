"""Claims stay alive while their worker does, and no longer."""

import os
import threading

import pytest
from django.db import connection

from opsconsole.embedded.waiting import wait_until
from opsconsole.engine import heartbeat, send
from opsconsole.engine.heartbeat import Heart, heart
from opsconsole.engine.models import Claim, Runner
from opsconsole.kernel.identifiers import uuid7
from tests.factories import claim, command, expire, run
from tests.handlers_app.messages import Act, ActElsewhere
from tests.handlers_app.scripts import let


def lease_left() -> float:
    """Seconds, by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXTRACT(epoch FROM lease_until - clock_timestamp()) FROM ops_engine_claim")
        return float(cursor.fetchone()[0])


def test_a_claim_lasts_a_lease_and_a_beat_renews_it():
    send(Act())
    chunk = claim()
    assert 19 < lease_left() <= 20
    expire(chunk)
    heart._held[chunk.held.claim_id] = chunk.held
    heart.beat()
    assert 19 < lease_left() <= 20
    assert not chunk.held.is_lost.is_set()


def test_a_beat_says_that_the_process_is_there():
    heart.busy_with = "default"
    heart.beat()
    heart.busy_with = ""
    runner = Runner.objects.get()
    assert (runner.name, runner.kind, runner.pid, runner.busy_with) == (heart.name, "worker", os.getpid(), "default")
    heart.beat()
    later = Runner.objects.get()
    assert later.seen_at > runner.seen_at
    assert later.started_at == runner.started_at


def test_a_process_that_leaves_is_struck_off_and_does_not_come_back():
    own = Heart()
    own.start()
    assert wait_until(lambda: Runner.objects.filter(name=own.name).exists(), 10)
    own.leave()
    assert not Runner.objects.exists()
    own._thread.join(10)
    assert not own._thread.is_alive()
    assert not Runner.objects.exists()


def test_a_claim_that_is_gone_is_noticed_by_the_next_beat():
    send(Act())
    chunk = claim()
    Claim.objects.all().delete()
    heart.beat()
    assert chunk.held.is_lost.is_set()


def test_an_overdue_handler_is_renewed_no_more():
    send(Act())
    chunk = claim()
    Claim.objects.update(lease_until="2020-01-01T00:00Z")
    chunk.held.allow(0.0)
    heart.beat()
    assert lease_left() < 0
    chunk.held.allow(60.0)
    heart.beat()
    assert lease_left() > 0


@pytest.mark.parametrize(
    ("seconds", "is_taken", "is_replaceable", "ends"),
    [(0.0, True, True, True), (60.0, True, True, False), (0.0, False, True, False), (0.0, True, False, False)],
)
def test_a_process_ends_only_when_its_handler_hangs_and_others_have_its_work(
    monkeypatch, seconds, is_taken, is_replaceable, ends
):
    ended = []
    monkeypatch.setattr(heartbeat, "end_this_process", ended.append)
    monkeypatch.setattr(heart, "is_replaceable", is_replaceable)
    send(Act())
    chunk = claim()
    chunk.held.allow(seconds)
    if is_taken:
        Claim.objects.all().delete()
    heart.beat()
    assert ended == ([chunk.held.claim_id] if ends else [])


@pytest.mark.parametrize("note", ["half way", "\x00 \ud800"])
def test_progress_is_shown_while_the_command_runs_whatever_it_says(note: str):
    seen = []

    def work_on(message, work):
        work.progress(5, 10, note)
        thread = threading.Thread(target=_beat)
        thread.start()
        thread.join()
        with connection.cursor() as cursor:
            cursor.execute("SELECT progress FROM ops_engine_claim")
            seen.append((work.id, cursor.fetchone()[0]))

    let(Act, work_on)
    send(Act())
    run()
    ((identifier, progress),) = seen
    assert '"done":5' in progress.replace(" ", "")
    assert str(identifier) in progress


def test_an_odd_progress_note_does_not_cost_the_process_all_its_claims():
    send(Act())
    chunk = claim()
    other = heart.hold(uuid7())
    other.report({"note": object()})
    expire(chunk)
    heart._held[chunk.held.claim_id] = chunk.held
    heart.beat()
    assert lease_left() > 0


def test_an_abandoned_claim_is_given_back_by_the_next_beat():
    identifier = send(Act()).id
    chunk = claim()
    heart.abandon(chunk.held)
    assert chunk.held.is_lost.is_set()
    assert command(identifier).status == "processing"
    heart.beat()
    assert command(identifier).status == "pending"
    assert not Claim.objects.exists()


def test_a_claim_that_is_abandoned_while_another_is_given_back_is_not_forgotten(monkeypatch):
    first, second = send(Act()).id, send(ActElsewhere()).id
    chunks = [claim(), claim("elsewhere")]
    heart.abandon(chunks[0].held)
    real = heartbeat.give_back

    def give_back(cursor, held):
        if held is chunks[0].held:
            heart.abandon(chunks[1].held)
        real(cursor, held)

    monkeypatch.setattr(heartbeat, "give_back", give_back)
    heart.beat()
    assert [command(one).status for one in (first, second)] == ["pending", "pending"]
    assert not heart._abandoned


def test_a_beat_that_fails_keeps_abandoned_claims_for_the_next(monkeypatch):
    identifier = send(Act()).id
    heart.abandon(claim().held)

    def fail(cursor, claim_id):
        raise OSError

    monkeypatch.setattr("opsconsole.engine.heartbeat.give_back", fail)
    with pytest.raises(OSError):
        heart.beat()
    monkeypatch.undo()
    heart.beat()
    assert command(identifier).status == "pending"


def test_a_forked_process_has_a_heart_of_its_own():
    own = Heart()
    own.hold(uuid7())
    reader, writer = os.pipe()
    if (pid := os.fork()) == 0:
        os.write(writer, f"{own.name} {len(own._held)} {own._thread}".encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    os.waitpid(pid, 0)
    assert said == f"{own.name.rsplit(':', 1)[0]}:{pid} 0 None"
    assert len(own._held) == 1


def _beat() -> None:
    try:
        heart.beat()
    finally:
        connection.close()
