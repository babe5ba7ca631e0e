"""The row of a reminder says what the aggregate says."""

from itertools import combinations

import pytest

from opsconsole.reminders.projectors import RemindersListed
from opsconsole.reminders.reminder import Reminder
from opsconsole.streams.testing import given
from tests.reminders.stories import (
    CANCELLED,
    DEFINED,
    ELAPSED,
    ID,
    NOON,
    ONE,
    call_failed,
    completed,
    failed,
    rescheduled,
)

SHARED = (
    "status",
    "address",
    "tenant",
    "scheduled_at",
    "occasion",
    "attempts",
    "status_code",
    "problem",
    "next_try_at",
)
LATER = [ELAPSED, call_failed(), rescheduled(occasion=3), call_failed(2), completed(2), CANCELLED, failed()]


def test_a_row_is_made_of_a_definition_and_ends_with_the_reminder():
    rows = given(RemindersListed, DEFINED).then(ID, status="Active", scheduled_at=NOON, tenant="north", ended_at=None)
    rows.when(ELAPSED, completed()).then(ID, status="Completed", attempts=1, status_code=204, called_at=NOON)


@pytest.mark.parametrize("history", [history for size in range(4) for history in combinations(LATER, size)])
def test_whatever_happens_it_says_what_the_aggregate_says(history):
    reminder = Reminder().apply_all([DEFINED, *history])
    rows = given(RemindersListed, DEFINED, *history)
    rows.then(ID, **{name: getattr(reminder, name) for name in SHARED})


def test_another_time_forgets_the_tries_of_the_earlier_one():
    given(RemindersListed, DEFINED, call_failed(), rescheduled()).then(
        ID, attempts=0, next_try_at=None, scheduled_at=ONE
    )
