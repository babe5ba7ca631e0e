"""Stopping, freezing and losing single processes."""

import os
import signal
import time

import pytest

from opsconsole.engine import send, send_batch
from opsconsole.engine.leadership import TERM
from opsconsole.engine.models import Attempt, Claim, Runner
from opsconsole.engine.models import Command as StoredCommand
from tests.chaos.conftest import LEASE
from tests.chaos.site import Site, ask, eventually
from tests.factories import attempts, batch, command
from tests.handlers_app.messages import Record, Wait
from tests.handlers_app.models import Entry


def finished() -> int:
    return StoredCommand.objects.filter(status="success").count()


def test_a_worker_asked_to_stop_under_load_interrupts_no_command(site: Site):
    site.dispatcher()
    worker = site.worker(2)
    identifier = send_batch(Record(milliseconds=20) for _ in range(400))
    eventually(lambda: finished() > 20, "work in progress")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(45), "it did not stop"
    assert worker.exit_code == 0
    assert not Claim.objects.exists(), "what was not begun was given back"
    assert not StoredCommand.objects.filter(status="processing").exists()
    assert not Runner.objects.filter(kind="worker").exists()
    site.worker(2)
    eventually(lambda: batch(identifier).status == "success", "the rest of the work")
    assert not Attempt.objects.exists()
    assert set(StoredCommand.objects.values_list("attempts", "losses")) == {(1, 0)}
    assert Entry.objects.count() == 400


def test_a_worker_frozen_past_its_lease_and_resumed_cannot_finish_what_was_given_to_another(site: Site):
    site.dispatcher()
    frozen = site.worker(1, queues="default")
    identifier = send(Wait(text="go")).id
    eventually(lambda: command(identifier).status == "processing", "the start")
    (child,) = frozen.pool()
    other = site.worker(1, queues="default")
    eventually(lambda: Runner.objects.filter(kind="worker").count() == 2, "the other worker")
    os.kill(child, signal.SIGSTOP)
    eventually(lambda: attempts(identifier), "the loss")
    eventually(lambda: command(identifier).status == "processing", "the second start")
    holder = Claim.objects.get().worker
    assert holder.endswith(f":{other.pool()[0]}")
    os.kill(child, signal.SIGCONT)
    Entry.objects.create(command_id="0" * 32, note="go")
    eventually(lambda: command(identifier).status == "success", "the success")
    eventually(lambda: site.said("was given to another worker") == 1, "the refusal")
    assert Entry.objects.filter(command_id=identifier).count() == 1
    stored = command(identifier)
    assert (stored.attempts, stored.losses) == (2, 1)
    assert [attempt.outcome for attempt in attempts(identifier)] == ["lost"]


def leader() -> str:
    return ask("SELECT owner FROM ops_engine_leadership WHERE until > clock_timestamp()") or ""


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "frozen"])
def test_a_dispatcher_standing_by_takes_over(site: Site, blow: signal.Signals):
    both = [site.dispatcher(), site.dispatcher()]
    eventually(lambda: Runner.objects.filter(kind="dispatcher").count() == 2 and leader(), "the lead")
    first = next(process for process in both if process.runner == leader())
    second = next(process for process in both if process is not first)
    first.send_signal(blow)
    began = time.monotonic()
    eventually(lambda: leader() == second.runner, "the take-over")
    assert time.monotonic() - began < TERM + 3
    identifier = send(Record()).id
    site.worker(1)
    eventually(lambda: command(identifier).status == "success", "work under the new lead")
    if blow == signal.SIGSTOP:
        first.send_signal(signal.SIGCONT)
        eventually(
            lambda: ask(
                "SELECT seen_at > now() - interval '1 second' FROM ops_engine_runner WHERE name = %s", first.runner
            ),
            "the frozen one coming back",
        )
        assert leader() == second.runner


@pytest.mark.parametrize("site", [{"wake_up": "off"}], indirect=True)
def test_without_any_wake_up_looking_alone_suffices(site: Site):
    site.dispatcher()
    site.worker(1)
    warm = send(Record()).id
    eventually(lambda: command(warm).status == "success", "the first")
    for _ in range(5):
        identifier = send(Record()).id
        eventually(lambda identifier=identifier: command(identifier).status == "success", "the next")
    waits = ask("SELECT max(started_at - created_at) FROM ops_engine_command WHERE id <> %s", warm).total_seconds()
    assert waits < 1.5 + 1.0, "a look every second, with a second of grace for a busy machine"


def test_a_killed_workers_chunk_is_rescued_within_its_lease_and_two_seconds(site: Site):
    site.dispatcher()
    doomed = site.worker(1)
    running = send(Wait(text="go")).id
    neighbours = [send(Record()).id for _ in range(9)]
    eventually(lambda: StoredCommand.objects.filter(status="processing").count() == 10, "the chunk")
    site.worker(1)
    eventually(lambda: Runner.objects.filter(kind="worker").count() == 2, "the other worker")
    killed_at = ask("SELECT clock_timestamp()")
    doomed.kill()
    eventually(lambda: finished() == 9, "the rescue of the neighbours")
    eventually(lambda: command(running).status == "processing", "the second start")
    begun = ask("SELECT min(started_at) FROM ops_engine_command WHERE id <> %s", running) - killed_at
    again = command(running).started_at - killed_at
    Entry.objects.create(command_id="0" * 32, note="go")
    eventually(lambda: command(running).status == "success", "the success")
    print(f"rescued: neighbours after {begun.total_seconds():.2f} s, itself after {again.total_seconds():.2f} s")
    assert begun.total_seconds() <= LEASE + 2
    assert [command(one).losses for one in neighbours] == [0] * 9
    assert (command(running).losses, command(running).attempts) == (1, 2)
