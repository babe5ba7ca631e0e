"""From the due time to the answer, over real HTTP on this machine."""

import socket
import time
from datetime import UTC, datetime, timedelta
from threading import Event
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from opsconsole.engine import execution
from opsconsole.engine import operations as engine_operations
from opsconsole.engine.faults import DatabaseAway
from opsconsole.engine.heartbeat import heart
from opsconsole.engine.models import Attempt
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.testing import run_until_idle
from opsconsole.kernel import clock
from opsconsole.kernel.signing import is_authentic
from opsconsole.reminders import Timer, keeping, occasions, operations
from opsconsole.reminders.commands import CallBack
from opsconsole.reminders.keeping import PATIENCE, end_abandoned
from opsconsole.reminders.models import ReminderRow
from opsconsole.reminders.refusals import BeingCalled
from opsconsole.streams import read
from opsconsole.streams.models import ParkedEvent, Process
from tests.factories import claim, lose
from tests.reminders.receiver import Receiver, meanwhile, saying, silent

NOW = datetime(2031, 3, 1, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TRIES = CallBack.__contract__.retry.max_attempts


@pytest.fixture(autouse=True)
def _at_noon(receiver):
    with clock.freeze(NOW):
        yield


def defined(receiver: Receiver, path: str = "", **given: Any) -> UUID:
    """A reminder due in an hour, its delivery begun."""
    given = {"address": receiver.url + path, "timer": Timer.of(hours=1), **given}
    identifier = operations.define(**given).reminder_id
    run_until_idle()
    assert identifier
    return identifier


def pass_time(by: timedelta = HOUR) -> None:
    clock.advance(by)
    run_until_idle()


def story(identifier: UUID) -> list[str]:
    return [recorded.type.removeprefix("reminders.") for recorded in read(f"reminder-{identifier}")]


def row() -> ReminderRow:
    return ReminderRow.objects.get()


def attempts(receiver: Receiver) -> list[int]:
    return [int(call.headers["reminder-attempt"]) for call in receiver.calls]


def commands() -> list[str]:
    found = StoredCommand.objects.filter(type="reminders.call_back").order_by("id")
    return list(found.values_list("status", flat=True))


def test_nothing_is_called_before_its_time(receiver):
    defined(receiver)
    pass_time(HOUR - timedelta(milliseconds=1))
    assert receiver.calls == [] and commands() == ["pending"]


def test_when_the_time_has_come_the_address_is_called_and_the_reminder_completed(receiver):
    identifier = defined(receiver, "?x=1#there", tenant="north")
    pass_time()

    (call,) = receiver.calls
    assert call.path == f"/inbox/{identifier}?x=1"
    assert call.body == {
        "id": str(identifier),
        "address": f"{receiver.url}?x=1#there",
        "scheduledAt": (NOW + HOUR).isoformat(),
    }
    assert (attempts(receiver), call.headers["reminder-called-at"]) == ([1], (NOW + HOUR).isoformat())
    assert story(identifier) == ["defined", "elapsed", "completed"]
    assert operations.find(identifier).status == "Completed"
    assert (row().status, row().attempts, row().status_code, row().version) == ("Completed", 1, 204, 3)
    assert Process.objects.get().status == "completed"
    assert commands() == ["success"]


def test_the_call_is_signed_and_bears_a_key(receiver):
    identifier = defined(receiver)
    pass_time()
    (call,) = receiver.calls
    headers = call.headers
    assert headers["idempotency-key"] == headers["webhook-id"] == f"{identifier}-1"
    assert headers["content-type"] == "application/json"
    stamp, signature = int(headers["webhook-timestamp"]), headers["webhook-signature"]
    key = "a-key-of-sixteen-signs"
    assert is_authentic(key, f"{identifier}-1", stamp, call.raw, signature, now=int(time.time()))


@pytest.mark.parametrize("path", ["", "/", "//"])
def test_there_is_one_slash_before_the_identifier(receiver, path):
    identifier = defined(receiver, path)
    pass_time()
    assert receiver.calls[0].path == f"/inbox/{identifier}"


@pytest.mark.parametrize("code", [200, 201, 202, 299])
def test_every_answer_of_success_completes(receiver, code):
    receiver.answer(code)
    defined(receiver)
    pass_time()
    assert (row().status, row().status_code) == ("Completed", code)


@pytest.mark.parametrize("code", [301, 302, 307, 400, 401, 404, 410, 429, 500, 503])
def test_every_other_answer_is_a_failure_and_is_tried_again(receiver, code):
    receiver.answer(saying(code, b"not \0 now", Location=receiver.url), 204)
    identifier = defined(receiver)
    pass_time()

    assert (row().status, row().attempts, row().status_code) == ("Active", 1, code)
    assert row().problem == f"the address answered {code}"
    assert Process.objects.get().status == "retrying"
    tried = list(read(f"reminder-{identifier}"))[-1].event()
    assert (tried.attempt, tried.body, tried.latency > 0) == (1, "not  now", True)
    assert timedelta(0) < tried.next_try_at - clock.now() <= timedelta(seconds=2)
    assert StoredCommand.objects.get(type="reminders.call_back").not_before == tried.next_try_at

    pass_time(timedelta(seconds=2))
    assert story(identifier) == ["defined", "elapsed", "call_failed", "completed"]
    first, second = receiver.calls
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.raw == second.raw, "a receiver may refuse a key that comes back with another body"
    assert attempts(receiver) == [1, 2]
    assert second.headers["reminder-called-at"] > second.body["scheduledAt"]


def test_a_receiver_that_hangs_is_left_in_time(receiver, settings):
    settings.OPSCONSOLE_REMINDERS = {**settings.OPSCONSOLE_REMINDERS, "timeout": 0.2}
    receiver.answer(silent(1.0))
    defined(receiver)
    pass_time()
    assert (row().status_code, row().problem) == (None, "no complete answer within 0.2 s")


def test_after_the_last_try_the_reminder_has_failed_and_its_command_is_in_error(receiver):
    receiver.answer(503)
    identifier = defined(receiver)
    for _ in range(TRIES):
        pass_time()

    assert story(identifier) == ["defined", "elapsed", *["call_failed"] * TRIES, "failed"]
    assert operations.find(identifier).status == row().status == "Failed"
    assert attempts(receiver) == [*range(1, TRIES + 1)]
    assert len({call.headers["idempotency-key"] for call in receiver.calls}) == 1
    command = StoredCommand.objects.get(type="reminders.call_back")
    assert (command.status, command.error_class, command.error) == (
        "error",
        "CallbackFailed",
        "the address answered 503",
    )
    last = list(read(f"reminder-{identifier}"))[-2].event()
    assert (last.attempt, last.next_try_at) == (TRIES, None)
    assert Process.objects.get().status == "failed"


def test_the_addresses_delays_double(receiver):
    receiver.answer(503)
    identifier = defined(receiver)
    for _ in range(TRIES):
        pass_time()
    tries = [one.event() for one in read(f"reminder-{identifier}") if one.type == "reminders.call_failed"]
    waits = [(one.next_try_at - one.called_at).total_seconds() for one in tries[:-1]]
    assert all(2.0**n * 0.9 <= wait <= 2.0**n for n, wait in enumerate(waits, start=1))


def test_a_cancelled_reminder_is_not_called(receiver):
    identifier = defined(receiver)
    operations.cancel(identifier)
    pass_time()
    assert receiver.calls == [] and story(identifier) == ["defined", "cancelled"]
    assert commands() == ["cancelled"]
    assert "the reminder is cancelled" in StoredCommand.objects.get(type="reminders.call_back").error


def test_one_that_was_put_off_is_called_at_its_new_time_only(receiver):
    identifier = defined(receiver)
    operations.reschedule(identifier, at=NOW + 2 * HOUR)
    pass_time()
    assert receiver.calls == [] and commands() == ["cancelled", "pending"]
    pass_time()
    (call,) = receiver.calls
    assert call.headers["idempotency-key"] == f"{identifier}-2"
    assert call.body["scheduledAt"] == (NOW + 2 * HOUR).isoformat()
    assert commands() == ["cancelled", "success"]


def test_one_that_is_fired_is_called_now_and_never_again(receiver):
    identifier = defined(receiver)
    operations.fire(identifier)
    run_until_idle()
    assert len(receiver.calls) == 1 and row().status == "Completed"
    pass_time()
    assert len(receiver.calls) == 1 and commands() == ["cancelled", "success"]


def test_another_time_while_it_retries_begins_anew(receiver):
    receiver.answer(503, 204)
    identifier = defined(receiver)
    pass_time()
    operations.snooze(identifier, Timer.of(minutes=5))
    pass_time(MINUTE)
    assert len(receiver.calls) == 1
    pass_time(4 * MINUTE)
    assert attempts(receiver) == [1, 1]
    assert story(identifier) == ["defined", "elapsed", "call_failed", "rescheduled", "elapsed", "completed"]


def test_a_success_that_comes_while_somebody_cancels_is_kept(receiver):
    identifier = defined(receiver)
    receiver.answer(meanwhile(lambda: operations.cancel(identifier)))
    pass_time()
    assert story(identifier) == ["defined", "cancelled", "elapsed", "completed"]
    assert operations.find(identifier).status == row().status == "Cancelled"
    assert Process.objects.get().status == "cancelled"


def test_a_success_that_comes_while_somebody_sets_another_time_is_the_only_call(receiver):
    identifier = defined(receiver)
    receiver.answer(meanwhile(lambda: operations.reschedule(identifier, at=clock.now() + HOUR)), 204)
    pass_time()
    assert operations.find(identifier).status == row().status == "Completed"
    pass_time()
    assert len(receiver.calls) == 1 and commands() == ["success", "cancelled"]


def test_a_failure_that_comes_while_somebody_sets_another_time_is_not_tried_again(receiver):
    identifier = defined(receiver)
    receiver.answer(meanwhile(lambda: operations.reschedule(identifier, at=clock.now() + HOUR), 503), 204)
    pass_time()
    pass_time(MINUTE)
    assert len(receiver.calls) == 1 and row().status == "Active"
    pass_time()
    assert len(receiver.calls) == 2 and row().status == "Completed"
    assert {call.headers["idempotency-key"] for call in receiver.calls} == {f"{identifier}-1", f"{identifier}-2"}


def test_a_failure_that_comes_while_somebody_cancels_is_not_tried_again(receiver):
    identifier = defined(receiver)
    receiver.answer(meanwhile(lambda: operations.cancel(identifier), 500))
    pass_time()
    pass_time(MINUTE)
    assert len(receiver.calls) == 1 and commands() == ["cancelled"]
    assert story(identifier) == ["defined", "cancelled", "elapsed", "call_failed"]
    assert (operations.find(identifier).next_try_at, operations.find(identifier).status_code) == (None, None)
    assert (row().status, row().next_try_at, row().status_code) == ("Cancelled", None, None)


def test_a_worker_that_lost_its_claim_tells_nothing_of_a_call_that_failed(receiver):
    identifier = defined(receiver)
    clock.advance(HOUR)
    chunk = claim("reminders")
    receiver.answer(meanwhile(lambda: lose(chunk), 500), 204)
    execution.run(chunk)
    assert story(identifier) == ["defined"] and commands() == ["pending"]
    pass_time()
    assert story(identifier) == ["defined", "elapsed", "completed"]


def test_a_command_that_is_run_before_its_time_calls_nobody(receiver):
    """As an operator may have it run, who retries it at once."""
    defined(receiver)
    StoredCommand.objects.filter(type="reminders.call_back").update(not_before=NOW)
    run_until_idle()
    (command,) = StoredCommand.objects.filter(type="reminders.call_back")
    assert receiver.calls == [] and (command.status, command.attempts) == ("pending", 0)
    assert command.not_before == NOW + HOUR
    pass_time()
    assert len(receiver.calls) == 1 and row().status == "Completed"


def test_a_reminder_that_cannot_be_read_is_no_others_failure(receiver):
    identifier, other, third = (defined(receiver, f"/{number}") for number in range(3))
    operations.snooze(other, Timer.of(hours=1))
    run_until_idle()
    StoredEvent.objects.filter(stream=f"reminder-{other}", version=1).update(schema_version=99)
    pass_time()
    assert {operations.find(one).status for one in (identifier, third)} == {"Completed"}
    assert {one.path for one in receiver.calls} >= {f"/inbox/0/{identifier}", f"/inbox/2/{third}"}
    assert set(Attempt.objects.values_list("type", "error_class")) == {("reminders.call_back", "NewerVersion")}


def test_a_connection_that_is_lost_while_reminders_are_looked_at_is_nobodys_failure(receiver, monkeypatch):
    identifier = defined(receiver)
    operations.snooze(identifier, Timer.of(hours=1))
    run_until_idle()
    clock.advance(HOUR)
    chunk = claim("reminders")

    def lose_it(*args: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(occasions, "load", lose_it)
    with pytest.raises(DatabaseAway):
        execution.run(chunk)
    connection.close()
    heart.beat()
    assert set(commands()) == {"pending"} and not Attempt.objects.filter(type="reminders.call_back").exists()


@pytest.fixture
def asked(monkeypatch):
    """Names under .example stand for this machine; what is in `when` happens while they are looked up."""
    inquiries, ask = [], socket.getaddrinfo

    def answer(name, *args, **kwargs):
        if not str(name).endswith(".example"):
            return ask(name, *args, **kwargs)
        inquiries.append(name)
        asked.when.get(name, lambda: None)()
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    asked = SimpleNamespace(names=inquiries, when={})
    return asked


def named(receiver: Receiver, host: str, path: str = "") -> UUID:
    return defined(receiver, address=receiver.url.replace("127.0.0.1", host) + path)


def test_each_host_is_asked_for_once_however_many_reminders_go_there(receiver, asked):
    for number in range(5):
        named(receiver, "partner.example", f"/{number}")
    asked.names.clear()
    pass_time()
    assert len(receiver.calls) == 5 and asked.names == ["partner.example"]


def test_a_name_that_nobody_answers_for_fails_its_own_call_only(receiver, asked, settings):
    silent, other = named(receiver, "silent.example"), named(receiver, "partner.example")
    silence = Event()
    asked.when["silent.example"] = lambda: silence.wait(30)
    settings.OPSCONSOLE_REMINDERS = {**settings.OPSCONSOLE_REMINDERS, "timeout": 0.2}
    pass_time()
    silence.set()
    assert operations.find(other).status == "Completed"
    assert operations.find(silent).problem == "the name silent.example was not looked up within 0.2 s"


def test_one_that_is_slow_to_be_looked_up_is_called_when_the_others_have_been(receiver, asked):
    slow, others = named(receiver, "slow.example"), [defined(receiver) for _ in range(3)]
    called = Event()
    receiver.answer(meanwhile(called.set))
    asked.when["slow.example"] = lambda: called.wait(10)
    pass_time()
    assert [call.path.rpartition("/")[2] for call in receiver.calls][-1] == str(slow)
    assert {operations.find(one).status for one in (slow, *others)} == {"Completed"}


def test_of_several_addresses_each_try_takes_the_next(receiver, monkeypatch):
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{number}", 0)) for number in (2, 1)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: answers)
    identifier = named(receiver, "partner.example")
    pass_time()
    assert "refused" in operations.find(identifier).problem.lower()
    pass_time(timedelta(seconds=2))
    assert operations.find(identifier).status == "Completed" and attempts(receiver) == [2]


def test_one_that_is_being_called_again_is_not_fired(receiver):
    identifier = defined(receiver)
    refusals = []

    def fire() -> None:
        with pytest.raises(BeingCalled) as refusal:
            operations.fire(identifier)
        refusals.append(refusal.value)

    receiver.answer(503, meanwhile(fire))
    pass_time()
    pass_time(timedelta(seconds=2))
    assert refusals and operations.find(identifier).status == "Completed" and attempts(receiver) == [1, 2]


def test_receivers_that_answer_cost_no_new_connection(receiver):
    def session() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return cursor.fetchone()[0]

    defined(receiver)
    clock.advance(HOUR)
    chunk, before = claim("reminders"), session()
    execution.run(chunk)
    assert row().pk and session() == before


def test_what_is_not_called_is_recorded_behind_the_calls(receiver):
    cancelled, other = defined(receiver), defined(receiver)
    operations.cancel(cancelled)
    seen = []
    receiver.answer(meanwhile(lambda: seen.extend(commands())))
    pass_time()
    assert sorted(seen) == ["processing", "processing"] and sorted(commands()) == ["cancelled", "success"]
    assert operations.find(other).status == "Completed"


def test_what_happens_while_names_are_looked_up_is_seen(receiver, asked):
    identifier = named(receiver, "partner.example")
    asked.when["partner.example"] = lambda: (operations.cancel(identifier), connection.close())
    pass_time()
    assert receiver.calls == [] and commands() == ["cancelled"]


def test_a_claim_that_is_lost_while_names_are_looked_up_calls_nobody(receiver, asked):
    named(receiver, "partner.example")
    clock.advance(HOUR)
    chunk = claim("reminders")
    asked.when["partner.example"] = chunk.held.is_lost.set
    execution.run(chunk)
    assert receiver.calls == []


def test_a_call_that_was_answered_and_not_recorded_is_made_again_with_the_same_key(receiver, monkeypatch):
    from opsconsole.engine.work import Work

    def die(self, *args, **kwargs):
        monkeypatch.undo()
        raise RuntimeError("as if the worker had been killed")

    identifier = defined(receiver)
    monkeypatch.setattr(Work, "append", die)
    pass_time()
    assert story(identifier) == ["defined"]
    pass_time()
    assert story(identifier) == ["defined", "elapsed", "completed"]
    assert len({call.headers["idempotency-key"] for call in receiver.calls}) == 1 < len(receiver.calls)


def test_the_address_is_checked_again_when_it_is_called(receiver, settings):
    identifier = defined(receiver)
    settings.OPSCONSOLE_REMINDERS = {}
    pass_time()
    assert receiver.calls == []
    tried = list(read(f"reminder-{identifier}"))[-1].event()
    assert "127.0.0.1 leads to what is not a public address" in tried.problem and tried.status_code is None


def test_hosts_that_a_setting_names_may_be_called(receiver, settings):
    settings.OPSCONSOLE_REMINDERS = {"allowed_hosts": ["LOCALHOST"]}
    defined(receiver, address=receiver.url.replace("127.0.0.1", "localhost"))
    pass_time()
    assert row().status == "Completed"


def test_a_reminder_whose_command_was_cancelled_fails(receiver):
    identifier = defined(receiver, tenant="north")
    engine_operations.cancel_commands([StoredCommand.objects.get().pk], actor="ana", reason="by mistake")
    assert end_abandoned() == 0, "its time has not come"
    pass_time(HOUR + timedelta(seconds=PATIENCE + 1))
    assert end_abandoned() == 1
    run_until_idle()
    failed = list(read(f"reminder-{identifier}"))[-1]
    assert failed.type == "reminders.failed" and "Cancelled by ana: by mistake" in failed.event().reason
    assert (row().status, failed.tenant, end_abandoned()) == ("Failed", "north", 0)


def test_reminders_that_are_just_late_are_left_alone(receiver):
    receiver.answer(503)
    defined(receiver)
    pass_time(HOUR + MINUTE)
    assert end_abandoned() == 0 and row().status == "Active"


def test_an_abandoned_reminder_that_cannot_be_read_keeps_no_other_active(receiver, caplog):
    broken, other = defined(receiver), defined(receiver)
    StoredEvent.objects.filter(stream=f"reminder-{broken}").update(schema_version=99)
    found = StoredCommand.objects.filter(type="reminders.call_back").values_list("pk", flat=True)
    engine_operations.cancel_commands(list(found), actor="ana")
    pass_time(HOUR + timedelta(seconds=PATIENCE + 1))
    assert end_abandoned() == 2
    assert operations.find(other).status == "Failed"
    assert f"the abandoned reminder {broken} cannot be ended" in caplog.text


def test_those_that_are_overdue_are_looked_at_page_by_page(receiver, monkeypatch):
    receiver.answer(503)
    for minutes in range(4):
        defined(receiver, timer=Timer.of(minutes=minutes + 1))
    last = ReminderRow.objects.order_by("scheduled_at").last().pk
    stored = StoredCommand.objects.get(type="reminders.call_back", payload__reminder_id=str(last))
    engine_operations.cancel_commands([stored.pk], actor="ana")
    pass_time(HOUR)
    monkeypatch.setattr(keeping, "PAGE", 2)
    assert [end_abandoned() for _ in range(3)] == [0, 1, 0]
    run_until_idle()
    assert operations.find(last).status == "Failed" and end_abandoned() == 0


def test_so_many_are_ended_in_a_turn_and_the_others_in_the_next(receiver, monkeypatch):
    for _ in range(3):
        defined(receiver)
    found = StoredCommand.objects.filter(type="reminders.call_back").values_list("pk", flat=True)
    engine_operations.cancel_commands(list(found), actor="ana")
    pass_time(HOUR + timedelta(seconds=PATIENCE + 1))
    monkeypatch.setattr(keeping, "MOST", 2)
    assert [end_abandoned(), end_abandoned()] == [2, 1]


def test_an_event_that_cannot_be_applied_holds_up_its_own_reminder_only(receiver):
    broken = operations.define(address=receiver.url, timer=Timer.of(hours=1)).identifier
    StoredEvent.objects.filter(stream=f"reminder-{broken}").update(data={"address": 7})
    other = operations.define(address=receiver.url, timer=Timer.of(hours=1)).identifier
    run_until_idle()
    pass_time()
    assert operations.find(other).status == row().status == "Completed"
    assert set(ParkedEvent.objects.values_list("stream", flat=True)) == {f"reminder-{broken}"}


def test_reprocessing_a_call_that_has_failed_for_good_calls_nobody(receiver):
    receiver.answer(503)
    defined(receiver)
    for _ in range(TRIES):
        pass_time()
    engine_operations.reprocess_commands([StoredCommand.objects.get().pk], actor="ana")
    run_until_idle()
    assert len(receiver.calls) == TRIES and commands() == ["error", "cancelled"]
