"""Which moments a rule names: once each, in order, on every kind of day."""

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsconsole.schedules import Cron, Cycle, Daily
from opsconsole.schedules.rules import COUNTED, Rule

BERLIN = "Europe/Berlin"
SPRING = datetime(2026, 3, 28, 12, tzinfo=UTC)  # clocks go forward in the night that follows, 02:00 to 03:00
AUTUMN = datetime(2026, 10, 24, 12, tzinfo=UTC)  # and back, 03:00 to 02:00
DAY = timedelta(days=1)
ZONES = ["UTC", BERLIN, "America/Sao_Paulo", "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Cairo"]


@pytest.fixture(autouse=True)
def _tables() -> None:
    """No database is needed."""


def times(rule: Rule, after: datetime, count: int = 3) -> list[str]:
    return [f"{slot.at:%m-%d %H:%M %z}" for slot in islice(rule.after(after), count)]


class TestCron:
    def test_it_is_read_in_its_zone(self):
        assert times(Cron("30 6 * * MON-FRI", BERLIN), SPRING, 2) == ["03-30 06:30 +0200", "03-31 06:30 +0200"]

    def test_a_fixed_time_within_the_gap_runs_right_after_it_and_once(self):
        assert times(Cron("30 2 * * *", BERLIN), SPRING, 2) == ["03-29 03:00 +0200", "03-30 02:30 +0200"]

    def test_a_fixed_time_that_comes_twice_runs_the_first_time_only(self):
        assert times(Cron("30 2 * * *", BERLIN), AUTUMN, 2) == ["10-25 02:30 +0200", "10-26 02:30 +0100"]

    def test_asked_between_the_two_it_does_not_name_the_first_again(self):
        between = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # 02:10, the second time
        assert times(Cron("30 2 * * *", BERLIN), between, 1) == ["10-26 02:30 +0100"]

    def test_every_half_hour_follows_the_time_that_passes(self):
        after = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
        assert times(Cron("*/30 * * * *", BERLIN), after, 4) == [
            "10-25 02:30 +0200", "10-25 02:00 +0100", "10-25 02:30 +0100", "10-25 03:00 +0100",
        ]  # fmt: skip

    def test_midnight_that_is_jumped_over_is_the_first_moment_of_the_day(self):
        after = datetime(2018, 11, 3, 12, tzinfo=UTC)
        assert times(Cron("0 0 * * *", "America/Sao_Paulo"), after, 2) == ["11-04 01:00 -0200", "11-05 00:00 -0200"]

    def test_the_first_of_six_fields_counts_seconds(self):
        first, second = islice(Cron("*/15 * * * * *", "UTC").after(SPRING), 2)
        assert second.at - first.at == timedelta(seconds=15)

    def test_its_slots_are_stored_under_their_instant(self):
        assert next(Cron("30 2 * * *", BERLIN).after(AUTUMN)).key == "2026-10-25T00:30:00Z"

    def test_a_date_that_never_comes_has_no_slots(self):
        assert list(Cron("0 0 29 2 MON#1", "UTC").up_to(SPRING, SPRING + DAY)) == []

    def test_it_is_put_into_words(self):
        assert "06:30" in Cron("30 6 * * MON-FRI", BERLIN).words

    @pytest.mark.parametrize("expression", ["", "* * * *", "61 * * * *", "0 0 31 2 *", "every day", "0 0 * * FUNDAY"])
    def test_what_is_no_expression_is_refused(self, expression: str):
        with pytest.raises(ValueError, match="is no cron expression"):
            Cron(expression, "UTC").check()


class TestDaily:
    def test_it_names_each_date_once_over_both_changes(self):
        rule = Daily("02:30", BERLIN)
        assert times(rule, SPRING) == ["03-29 03:00 +0200", "03-30 02:30 +0200", "03-31 02:30 +0200"]
        assert times(rule, AUTUMN) == ["10-25 02:30 +0200", "10-26 02:30 +0100", "10-27 02:30 +0100"]

    def test_its_slots_are_stored_under_their_date(self):
        slot = next(Daily("02:30", BERLIN).after(SPRING))
        assert (slot.key, slot.date) == ("2026-03-29", date(2026, 3, 29))

    def test_a_date_that_never_was_is_left_out(self):
        found = islice(Daily("10:00", "Pacific/Apia").after(datetime(2011, 12, 29, tzinfo=UTC)), 3)
        assert [slot.date.day for slot in found] == [29, 31, 1]

    @pytest.mark.parametrize("time", ["", "6", "25:00", "06:00+02:00", "noon"])
    def test_what_is_no_time_of_day_is_refused(self, time: str):
        with pytest.raises(ValueError, match="is no time of day"):
            Daily(time, "UTC").check()


class TestCycle:
    def test_it_names_every_date_from_its_beginning(self):
        found = list(islice(Cycle("America/Sao_Paulo").after(datetime(2018, 11, 3, 12, tzinfo=UTC)), 2))
        assert [(slot.date.day, slot.at.hour) for slot in found] == [(4, 1), (5, 0)]

    def test_a_new_one_begins_with_the_current_date(self):
        rule, now = Cycle("America/Sao_Paulo"), datetime(2026, 3, 1, 1, tzinfo=UTC)  # the last day of February there
        assert next(rule.after(rule.beginning(now))).date == date(2026, 2, 28)

    @pytest.mark.parametrize("every", [timedelta(0), timedelta(hours=-1)])
    def test_it_cannot_look_all_the_time(self, every: timedelta):
        with pytest.raises(ValueError, match="cannot look every"):
            Cycle("UTC", every=every).check()


class TestNewest:
    def test_it_is_the_last_of_a_stretch_and_the_others_are_counted(self):
        slot, before = Cron("0 * * * *", "UTC").newest(SPRING, SPRING + timedelta(hours=5, minutes=10))
        assert slot is not None
        assert (slot.at.hour, before) == (17, 4)

    def test_a_stretch_without_slots_has_none(self):
        assert Cron("0 * * * *", "UTC").newest(SPRING, SPRING + timedelta(minutes=10)) == (None, 0)

    def test_of_very_many_the_newest_is_found_and_the_count_stops(self):
        slot, before = Cron("* * * 1 *", "UTC").newest(SPRING, SPRING + 365 * DAY)
        assert slot is not None
        assert (slot.at, before) == (datetime(2027, 1, 31, 23, 59, tzinfo=UTC), COUNTED)


@pytest.mark.parametrize(
    "rule", [Cron("*/30 * * * *", ""), Cron("15 0-3 * * *", ""), Cron("0 0 * * *", ""), Daily("00:30", "")], ids=repr
)
@settings(deadline=None)
@given(zone=st.sampled_from(ZONES), start=st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1)))
def test_slots_come_in_order_each_after_the_moment_asked_for(rule: Any, zone: str, start: datetime):
    after = start.replace(tzinfo=UTC)
    rule = type(rule)(rule.written, zone)
    moments = [slot.at.astimezone(UTC) for slot in islice(rule.after(after), 60)]
    assert after < moments[0]
    assert all(one < other for one, other in pairwise(moments))
    keys = [slot.key for slot in islice(rule.after(after), 60)]
    assert len(set(keys)) == len(keys)


@settings(deadline=None)
@given(zone=st.sampled_from(ZONES), start=st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1)))
def test_going_on_from_each_slot_gives_the_same_slots_as_going_through(zone: str, start: datetime):
    for rule in (Cron("*/30 * * * *", zone), Cron("15 0-3 * * *", zone), Daily("02:30", zone)):
        moment, one_by_one = start.replace(tzinfo=UTC), []
        through = [slot.key for slot in islice(rule.after(moment), 20)]
        for _ in range(20):
            slot = next(rule.after(moment))
            one_by_one.append(slot.key)
            moment = slot.at
        assert one_by_one == through
