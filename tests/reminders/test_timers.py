"""How long from now, or when."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from opsconsole.reminders import BadTime, Timer
from opsconsole.reminders.timers import LONGEST, MOST, moment

NOON = datetime(2031, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("units", "length"),
    [
        ({"seconds": 1}, timedelta(seconds=1)),
        ({"hours": 1, "minutes": 2, "seconds": 3}, timedelta(seconds=3723)),
        ({"minutes": MOST}, timedelta(minutes=65_535)),
        ({"hours": MOST, "minutes": MOST, "seconds": MOST}, LONGEST),
    ],
)
def test_a_timer_is_the_sum_of_its_units(units, length):
    assert Timer.of(**units).length == length


@pytest.mark.parametrize(
    ("units", "field", "words"),
    [
        ({}, "seconds", "no length at all"),
        ({"hours": -1}, "hours", "cannot be negative, and were -1"),
        ({"minutes": -5, "hours": 1}, "minutes", "cannot be negative"),
        ({"seconds": -1, "hours": 1}, "seconds", "cannot be negative"),
        ({"hours": MOST + 1}, "hours", "65,535 at most, and were 65,536"),
        ({"minutes": MOST + 1}, "minutes", "65,535 at most"),
        ({"seconds": 10**30}, "seconds", "65,535 at most"),
    ],
)
def test_what_is_no_timer_is_refused_and_the_unit_named(units, field, words):
    with pytest.raises(BadTime, match=words) as refusal:
        Timer.of(**units)
    assert refusal.value.field == field


def test_a_moment_may_be_anywhere_ahead_in_any_zone():
    for at in (NOON + timedelta(microseconds=1), NOON + LONGEST):
        assert moment(at, NOON) == at
    assert moment(datetime(2031, 3, 1, 10, tzinfo=timezone(timedelta(hours=-3))), NOON)


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (NOON, "is past"),
        (datetime(2031, 3, 1, 14, tzinfo=timezone(timedelta(hours=3))), "is past"),
        (datetime(1, 1, 1, tzinfo=UTC), "is past"),
        (datetime(2031, 3, 1, 13), "needs a time zone"),  # noqa: DTZ001
        (NOON + LONGEST + timedelta(seconds=1), "further ahead than the longest timer"),
        (datetime.max.replace(tzinfo=UTC), "further ahead"),
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-12))), "further ahead"),
    ],
)
def test_other_moments_are_refused(at, words):
    with pytest.raises(BadTime, match=words) as refusal:
        moment(at, NOON)
    assert refusal.value.field == "at"
