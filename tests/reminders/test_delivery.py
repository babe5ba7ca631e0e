"""The process that brings a reminder from its definition to its end."""

import pytest

from opsconsole.reminders.commands import CallBack
from opsconsole.reminders.processes import Delivery
from opsconsole.streams import Later
from opsconsole.streams.testing import given
from tests.reminders.stories import (
    ADDRESS,
    CANCELLED,
    DEFINED,
    ELAPSED,
    ID,
    NOON,
    ONE,
    WANTED,
    call_failed,
    completed,
    failed,
    rescheduled,
)

AGAIN = CallBack(reminder_id=ID, occasion=2, scheduled_at=ONE, address=ADDRESS)


def test_the_call_is_on_its_way_from_the_beginning_and_waits_for_its_time():
    given(Delivery).when(DEFINED).then(Later(WANTED, at=NOON)).then_status("waiting")


def test_another_time_has_a_call_of_its_own():
    delivery = given(Delivery, DEFINED).when(rescheduled())
    delivery.then(Later(AGAIN, at=ONE)).then_status("waiting").then_state(occasion=2)


def test_another_time_ends_the_retrying():
    given(Delivery, DEFINED, call_failed()).when(rescheduled()).then(Later(AGAIN, at=ONE)).then_status("waiting")


def test_a_failed_call_is_retried_by_the_engine_and_seen_here():
    delivery = given(Delivery, DEFINED, ELAPSED).when(call_failed()).then().then_status("retrying")
    delivery.when(call_failed(2)).then().then_status("retrying")


def test_a_failed_call_for_an_earlier_time_changes_nothing():
    given(Delivery, DEFINED, rescheduled()).when(call_failed()).then().then_status("waiting")


@pytest.mark.parametrize("before", [[DEFINED], [DEFINED, call_failed()]])
@pytest.mark.parametrize(
    ("event", "status"), [(completed(), "completed"), (failed(), "failed"), (CANCELLED, "cancelled")]
)
def test_it_ends_as_the_reminder_does(before, event, status):
    given(Delivery, *before).when(event).then().then_status(status)
