"""What may be done to reminders, and what is refused."""

import socket
import time
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from django.db import transaction

from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.testing import run_until_idle
from opsconsole.kernel import clock, tracing
from opsconsole.kernel.identifiers import uuid7
from opsconsole.reminders import BadAddress, BadTime, NoSuchReminder, NotActive, Timer, delivering, operations
from opsconsole.reminders.models import ReminderRow
from opsconsole.reminders.refusals import Unreadable
from opsconsole.streams import StreamConflict, append, read
from opsconsole.streams.models import Process
from tests.reminders.stories import ADDRESS

NOW = datetime(2031, 3, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PUBLIC = "https://8.8.8.8/inbox"


@pytest.fixture(autouse=True)
def _at_noon():
    with clock.freeze(NOW):
        yield


def defined(**given: Any) -> Any:
    return operations.define(**{"address": PUBLIC, "timer": Timer.of(hours=1), **given})


def test_a_reminder_is_defined_and_read_back_at_once():
    reminder = defined(tenant="north")

    assert (reminder.status, reminder.scheduled_at, reminder.version) == ("Active", NOW + HOUR, 1)
    assert operations.find(reminder.reminder_id) == reminder
    event = StoredEvent.objects.get()
    assert (event.stream, event.version, event.tenant) == (f"reminder-{reminder.reminder_id}", 1, "north")


def test_it_belongs_to_the_tenant_of_whatever_is_under_way():
    with tracing.acting_for(tracing.Cause(tenant="north")):
        reminder = defined()
    assert reminder.tenant == operations.find(reminder.identifier, tenant="north").tenant == "north"


def test_one_of_another_tenant_that_cannot_be_read_is_not_there():
    identifier = defined(tenant="north").identifier
    run_until_idle()
    StoredEvent.objects.filter(stream=f"reminder-{identifier}").update(schema_version=99)
    with pytest.raises(NoSuchReminder):
        operations.find(identifier, tenant="south")
    with pytest.raises(Unreadable):
        operations.find(identifier, tenant="north")


def test_a_moment_is_as_good_as_a_timer():
    reminder = defined(timer=None, at=NOW + DAY)
    assert (reminder.scheduled_at, reminder.timer) == (NOW + DAY, None)


@pytest.mark.parametrize("given", [{"timer": None}, {"at": NOW + DAY}, {"timer": None, "at": NOW}])
def test_one_time_it_must_be_and_ahead(given):
    with pytest.raises(BadTime):
        defined(**given)
    assert not StoredEvent.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "inbox",
        "ftp://8.8.8.8/",
        "http://127.0.0.1/",
        "http://10.0.0.1/x",
        "http://[::ffff:10.0.0.1]/",
        "http://[::1",
        "ht\ntps://8.8.8.8/",
        "https://8.8.8.8/\r\nX: y",
        "https://8.8\t.8.8/",
        " https://8.8.8.8/",
        "\0https://8.8.8.8/",
        "http:////8.8.8.8/x",
        "https://8.8.8.8/#\x7f",
        "http://168.63.129.16/",
    ],
)
def test_a_bad_address_is_refused_and_named(address):
    with pytest.raises(BadAddress) as refusal:
        defined(address=address)
    assert refusal.value.field == "address"
    assert not StoredEvent.objects.exists()


def test_an_address_is_measured_with_what_is_appended_to_it():
    defined(address="https://8.8.8.8/" + "x" * 1900)
    with pytest.raises(BadAddress, match="2,000 characters at most"):
        defined(address="https://8.8.8.8/" + "x" * 1970)


@pytest.mark.parametrize("code", [socket.EAI_NONAME, socket.EAI_AGAIN])
def test_a_host_that_nobody_knows_is_refused_and_one_that_cannot_be_asked_for_is_not(code, monkeypatch):
    def unknown(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(code, "no answer")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    if code == socket.EAI_AGAIN:
        assert defined(address=ADDRESS).status == "Active"
        return
    with pytest.raises(BadAddress, match="nobody knows the host"):
        defined(address=ADDRESS)


def test_a_name_service_that_says_nothing_keeps_nobody_from_defining(monkeypatch):
    silence = Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: silence.wait(30.0))
    monkeypatch.setattr(delivering, "LOOKUP", 0.1)
    begun = time.monotonic()
    try:
        assert defined(address=ADDRESS).status == "Active"
        assert time.monotonic() - begun < 2.0
    finally:
        silence.set()


def test_an_address_that_was_checked_before_is_not_looked_up_again(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: pytest.fail("it was looked up"))
    assert defined(address=ADDRESS, is_checked=True).status == "Active"


def test_every_change_is_an_event_of_its_stream():
    identifier = defined().reminder_id
    operations.reschedule(identifier, at=NOW + DAY, reason=" later ")
    operations.snooze(identifier, Timer.of(minutes=5))
    operations.fire(identifier)
    operations.cancel(identifier, reason="x" * 900)

    events = [recorded.event() for recorded in read(f"reminder-{identifier}")]
    assert [event.__contract__.name for event in events] == [
        "reminders.defined",
        *["reminders.rescheduled"] * 3,
        "reminders.cancelled",
    ]
    assert [(event.how, event.scheduled_at - NOW, event.occasion) for event in events[1:4]] == [
        ("rescheduled", DAY, 2),
        ("snoozed", timedelta(minutes=5), 3),
        ("fired", timedelta(0), 4),
    ]
    assert (events[1].reason, len(events[4].reason)) == ("later", 500)


def test_one_that_has_ended_is_left_alone():
    identifier = defined().reminder_id
    operations.cancel(identifier)
    for act in (
        lambda: operations.cancel(identifier),
        lambda: operations.reschedule(identifier, at=NOW + DAY),
        lambda: operations.snooze(identifier, Timer.of(minutes=5)),
        lambda: operations.fire(identifier),
    ):
        with pytest.raises(NotActive, match="it is cancelled"):
            act()


def test_of_another_tenant_there_is_no_such_reminder():
    identifier = defined(tenant="north").reminder_id
    assert operations.find(identifier, tenant="north")
    for act in (
        lambda: operations.find(identifier, tenant="south"),
        lambda: operations.cancel(identifier, tenant="south"),
        lambda: operations.reschedule(identifier, at=NOW + DAY, tenant="south"),
        lambda: operations.snooze(identifier, Timer.of(minutes=5), tenant="south"),
        lambda: operations.fire(identifier, tenant="south"),
        lambda: operations.find(uuid7()),
        lambda: operations.cancel(uuid7()),
    ):
        with pytest.raises(NoSuchReminder):
            act()
    operations.cancel(identifier, tenant="north")
    assert set(StoredEvent.objects.values_list("tenant", flat=True)) == {"north"}


def test_whoever_appends_at_another_version_is_refused():
    reminder = defined()
    with pytest.raises(StreamConflict), transaction.atomic():
        append(reminder.stream(reminder.reminder_id), reminder.cancel(), expected=2)
    assert operations.find(reminder.reminder_id) == reminder


def test_the_list_and_the_delivery_follow_the_stream():
    identifier = defined(tenant="north").reminder_id
    run_until_idle()
    row, process = ReminderRow.objects.get(), Process.objects.get()
    assert (row.pk, row.status, row.scheduled_at, row.tenant) == (identifier, "Active", NOW + HOUR, "north")
    assert (process.subject, process.status, process.tenant) == (str(identifier), "waiting", "north")

    operations.cancel(identifier)
    run_until_idle()
    row.refresh_from_db()
    process.refresh_from_db()
    assert (row.status, row.version, row.ended_at is not None) == ("Cancelled", 2, True)
    assert (process.status, process.is_live) == ("cancelled", False)
