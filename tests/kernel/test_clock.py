"""The one place that asks what time it is."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from opsconsole.kernel import clock

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_time_runs_and_is_aware():
    assert clock.frozen() is None
    before = clock.now()
    assert before.tzinfo is UTC
    assert clock.now() >= before


def test_a_frozen_clock_stands_still_until_it_is_moved():
    with clock.freeze(NOON):
        assert clock.now() == clock.frozen() == NOON
        clock.advance(timedelta(hours=1))
        assert clock.now() == NOON + timedelta(hours=1)
    assert clock.frozen() is None


def test_a_clock_is_frozen_for_every_thread():
    seen = []
    with clock.freeze(NOON):
        thread = threading.Thread(target=lambda: seen.append(clock.now()))
        thread.start()
        thread.join()
    assert seen == [NOON]


def test_a_clock_frozen_within_another_gives_way_to_it_again():
    with clock.freeze(NOON):
        with clock.freeze(None):
            assert clock.frozen() is None
        assert clock.now() == NOON


def test_a_running_clock_cannot_be_moved():
    with pytest.raises(RuntimeError, match="not frozen"):
        clock.advance(timedelta(seconds=1))


def test_an_error_lets_the_clock_run_again():
    with pytest.raises(ZeroDivisionError), clock.freeze(NOON):
        raise ZeroDivisionError
    assert clock.frozen() is None
