"""The aggregate: what may be done to a reminder, and what it becomes."""

from datetime import timedelta
from uuid import UUID

import pytest

from opsconsole.reminders import BeingCalled, NotActive
from opsconsole.reminders.reminder import Reminder
from opsconsole.streams.testing import given
from tests.reminders.stories import (
    CANCELLED,
    DEFINED,
    ELAPSED,
    ID,
    NOON,
    ONE,
    TIMER,
    WANTED,
    call_failed,
    completed,
    failed,
    refused,
    rescheduled,
    taken,
)

ENDS = {
    "completed": [ELAPSED, completed()],
    "failed": [ELAPSED, call_failed(next_try_at=None), failed(1)],
    "cancelled": [CANCELLED],
}
DECISIONS = {
    "cancelled": lambda reminder: reminder.cancel(),
    "rescheduled": lambda reminder: reminder.reschedule(ONE),
    "snoozed": lambda reminder: reminder.reschedule(ONE, how="snoozed"),
    "fired": lambda reminder: reminder.fire(ONE),
    "completed": lambda reminder: reminder.complete(WANTED, taken()),
    "failed": lambda reminder: reminder.fail("why"),
}


def test_a_defined_reminder_is_active():
    given(Reminder, DEFINED).then_state(
        reminder_id=ID, status="Active", scheduled_at=NOON, timer=TIMER, tenant="north", occasion=1, version=1
    )


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("what", DECISIONS)
def test_nothing_can_be_done_to_one_that_has_ended(end, what):
    story = given(Reminder, DEFINED, *ENDS[end])
    story.when(DECISIONS[what]).then_raises(NotActive, f"it is {end}: only an active reminder can be {what}")


@pytest.mark.parametrize("what", DECISIONS)
def test_nothing_can_be_done_to_one_that_there_is_not(what):
    given(Reminder).when(DECISIONS[what]).then_raises(NotActive, "not there")


def test_it_is_cancelled():
    story = given(Reminder, DEFINED).when(lambda reminder: reminder.cancel("no longer"))
    story.then(CANCELLED).then_state(status="Cancelled", version=2)


def test_another_time_is_another_occasion_that_begins_anew():
    story = given(Reminder, DEFINED, ELAPSED, call_failed())
    story.then_state(attempts=1, next_try_at=ONE, elapsed_at=NOON, status_code=503)
    again = story.when(lambda reminder: reminder.reschedule(ONE, how="snoozed", reason="holiday"))
    again.then(rescheduled(occasion=4, how="snoozed", reason="holiday"))
    again.then_state(scheduled_at=ONE, occasion=4, attempts=0, next_try_at=None, elapsed_at=None, version=4)


@pytest.mark.parametrize(
    ("history", "now"), [([DEFINED], NOON), ([DEFINED, ELAPSED], NOON), ([DEFINED, ELAPSED, call_failed()], ONE)]
)
def test_one_that_is_due_is_not_fired_because_it_may_be_being_called(history, now):
    """Another occasion has another key: the receiver would take both calls. A retry is a call, too."""
    given(Reminder, *history).when(lambda reminder: reminder.fire(now)).then_raises(BeingCalled, "is called as soon as")


def test_one_is_fired_before_its_time_and_between_two_tries():
    before = NOON - timedelta(seconds=1)
    given(Reminder, DEFINED).when(lambda reminder: reminder.fire(before)).then(rescheduled(before, how="fired"))
    between, moment = given(Reminder, DEFINED, ELAPSED, call_failed()), ONE - timedelta(seconds=1)
    between.when(lambda reminder: reminder.fire(moment)).then(rescheduled(moment, occasion=4, how="fired"))


def test_the_first_call_says_that_the_time_had_come():
    story = given(Reminder, DEFINED).when(lambda reminder: reminder.complete(WANTED, taken()))
    story.then(ELAPSED, completed()).then_state(status="Completed", attempts=1, status_code=204, problem="")


def test_a_later_call_does_not_say_so_again():
    story = given(Reminder, DEFINED, ELAPSED, call_failed())
    story.when(lambda reminder: reminder.complete(WANTED, taken(2))).then(completed(2))


def test_a_call_that_fails_is_kept_and_the_reminder_stays_active():
    story = given(Reminder, DEFINED).when(lambda reminder: reminder.call_failed(WANTED, refused(), ONE))
    story.then(ELAPSED, call_failed())
    story.then_state(status="Active", attempts=1, problem="the address answered 503", next_try_at=ONE)


def test_with_the_last_call_the_reminder_has_failed():
    story = given(Reminder, DEFINED, ELAPSED, call_failed())
    last = story.when(lambda reminder: reminder.call_failed(WANTED, refused(2), None))
    last.then(call_failed(2, next_try_at=None), failed()).then_state(status="Failed", attempts=2)


@pytest.mark.parametrize(("overtaken_by", "status"), [(CANCELLED, "Cancelled"), (rescheduled(), "Active")])
def test_the_last_call_of_one_that_was_overtaken_makes_nothing_fail(overtaken_by, status):
    story = given(Reminder, DEFINED, ELAPSED, overtaken_by)
    last = story.when(lambda reminder: reminder.call_failed(WANTED, refused(), None))
    last.then(call_failed(next_try_at=None)).then_state(status=status)


def test_an_answer_that_comes_behind_a_cancellation_is_kept_and_changes_nothing_else():
    given(Reminder, DEFINED, CANCELLED, completed()).then_state(status="Cancelled", status_code=204, version=3)


def test_an_answer_that_comes_behind_another_time_completes_it_all_the_same():
    given(Reminder, DEFINED, rescheduled(), completed()).then_state(status="Completed")


def test_a_failed_call_for_an_earlier_time_says_nothing_about_the_new_one():
    given(Reminder, DEFINED, rescheduled(), ELAPSED, call_failed()).then_state(
        attempts=0, elapsed_at=None, next_try_at=None, problem="", status_code=None
    )


@pytest.mark.parametrize("end", ENDS)
def test_a_failed_call_that_comes_behind_the_end_changes_nothing(end):
    ended = Reminder().apply_all([DEFINED, *ENDS[end]])
    after = ended.apply_all([call_failed(attempt=5)])
    assert after.with_(version=ended.version) == ended


@pytest.mark.parametrize("overtaken_by", [CANCELLED, rescheduled()])
def test_the_call_of_one_that_was_overtaken_is_not_made_again(overtaken_by):
    story = given(Reminder, DEFINED, ELAPSED, overtaken_by)
    tried = story.when(lambda reminder: reminder.call_failed(WANTED, refused(), ONE))
    tried.then(call_failed(next_try_at=None)).then_state(next_try_at=None)


@pytest.mark.parametrize(
    ("history", "obstacle"),
    [
        ([], "there is no such reminder"),
        ([DEFINED], ""),
        ([DEFINED, ELAPSED, call_failed()], ""),
        ([DEFINED, rescheduled()], "the reminder was set to another time"),
        *([[DEFINED, *events], f"the reminder is {end}"] for end, events in ENDS.items()),
    ],
)
def test_whether_a_call_is_still_wanted(history, obstacle):
    assert Reminder().apply_all(history).obstacle(WANTED) == obstacle


def test_its_stream_bears_its_identifier():
    assert Reminder.stream(UUID(int=1)) == f"reminder-{UUID(int=1)}"
