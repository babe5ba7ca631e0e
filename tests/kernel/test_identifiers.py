"""UUIDv7: sorted by time, unique, and honest about when."""

import os
import threading
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsconsole.kernel import identifiers
from opsconsole.kernel.identifiers import moment_of, uuid7, uuid7_at, uuid7_floor

INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))


def test_identifiers_grow_and_never_repeat():
    made = [uuid7() for _ in range(10_000)]
    assert made == sorted(set(made))


def test_threads_never_share_one_and_each_sees_its_own_grow():
    made: list[list] = [[] for _ in range(4)]

    def make(mine: list) -> None:
        mine.extend(uuid7() for _ in range(5_000))

    threads = [threading.Thread(target=make, args=(mine,)) for mine in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(mine == sorted(mine) for mine in made)
    assert len({identifier for mine in made for identifier in mine}) == 20_000


def test_processes_that_were_forked_never_share_one():
    readers = []
    for _ in range(2):
        reader, writer = os.pipe()
        if (pid := os.fork()) == 0:
            os.write(writer, b"".join(uuid7().bytes for _ in range(500)))
            os._exit(0)
        os.close(writer)
        readers.append((pid, reader))
    made = []
    for pid, reader in readers:
        with os.fdopen(reader, "rb") as pipe:
            made.append(pipe.read())
        os.waitpid(pid, 0)
    first, second = ({text[place : place + 16] for place in range(0, len(text), 16)} for text in made)
    assert len(first) == len(second) == 500
    assert not first & second


def test_they_say_what_they_are():
    made = uuid7()
    assert (made.version, made.variant) == (7, "specified in RFC 4122")


@given(INSTANTS)
def test_the_moment_can_be_read_back_to_the_millisecond(at: datetime):
    assert timedelta(0) <= at - moment_of(uuid7_at(at)) < timedelta(milliseconds=1)


@given(INSTANTS, INSTANTS)
def test_bounds_are_in_the_order_of_time(one: datetime, other: datetime):
    if one <= other:
        assert uuid7_floor(one) <= uuid7_floor(other)
        assert uuid7_floor(one) <= uuid7_at(other)


def test_a_small_step_back_of_the_clock_keeps_the_order(monkeypatch: pytest.MonkeyPatch):
    now = [identifiers.time.time_ns() + 3_600_000_000_000]
    monkeypatch.setattr(identifiers.time, "time_ns", lambda: now[0])
    before = uuid7()
    now[0] -= 5_000_000_000
    assert uuid7() > before


def test_after_a_large_step_back_identifiers_tell_the_truth_again(monkeypatch: pytest.MonkeyPatch):
    now = [identifiers.time.time_ns() + 3_600_000_000_000]
    monkeypatch.setattr(identifiers.time, "time_ns", lambda: now[0])
    ahead = moment_of(uuid7())
    now[0] -= 3_600_000_000_000
    back = moment_of(uuid7())
    assert ahead - back > timedelta(minutes=59)
