"""Days on which clocks change, and days that never were."""

from datetime import UTC, date, datetime, time

import pytest

from opsconsole.schedules.zones import instant, zone_named

SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)  # in Berlin


@pytest.fixture(autouse=True)
def _tables() -> None:
    """No database is needed."""


def shown(zone: str, on: date, at: str) -> str:
    found = instant(on, time.fromisoformat(at), zone_named(zone))
    assert found is not None
    return f"{found.astimezone(zone_named(zone)):%Y-%m-%d %H:%M %z}"


def test_an_ordinary_time_is_what_the_clock_shows():
    assert instant(date(2026, 7, 1), time(6), zone_named("Europe/Berlin")) == datetime(2026, 7, 1, 4, tzinfo=UTC)


def test_a_time_that_the_clock_jumps_over_is_the_first_moment_after_the_gap():
    assert shown("Europe/Berlin", SPRING, "02:30") == "2026-03-29 03:00 +0200"


def test_of_two_equal_times_it_is_the_first():
    assert shown("Europe/Berlin", AUTUMN, "02:30") == "2026-10-25 02:30 +0200"


@pytest.mark.parametrize(
    ("zone", "on", "begins"),
    [
        ("America/Sao_Paulo", date(2018, 11, 4), "2018-11-04 01:00 -0200"),  # the clock goes from 00:00 to 01:00
        ("America/Sao_Paulo", date(2019, 2, 17), "2019-02-17 00:00 -0300"),  # midnight came twice, on the day before
        ("Asia/Beirut", date(2026, 3, 29), "2026-03-29 01:00 +0300"),
        ("America/Havana", date(2026, 3, 8), "2026-03-08 01:00 -0400"),
        ("America/Havana", date(2026, 11, 1), "2026-11-01 00:00 -0400"),  # 00:30 comes twice; the day begins once
        ("Australia/Lord_Howe", date(2026, 10, 4), "2026-10-04 00:00 +1030"),
    ],
)
def test_a_date_begins_at_its_first_moment_also_where_clocks_change_at_midnight(zone: str, on: date, begins: str):
    assert shown(zone, on, "00:00") == begins


def test_a_date_that_never_was_has_no_moments():
    assert instant(date(2011, 12, 30), time(10), zone_named("Pacific/Apia")) is None
    assert instant(date(2011, 12, 31), time(10), zone_named("Pacific/Apia")) is not None


@pytest.mark.parametrize("name", ["Europe/Nowhere", "", "../etc/passwd", "America", "Europe/Berlin "])
def test_what_is_no_zone_is_refused(name: str):
    with pytest.raises(LookupError, match="no time zone is called"):
        zone_named(name)
