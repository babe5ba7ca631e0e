"""Names are looked up side by side, and nobody waits longer than the limit."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest

from opsconsole.kernel import names
from opsconsole.kernel.names import look_up

Answers = Callable[..., list[str]]


@pytest.fixture
def silence() -> Iterator[Event]:
    """A name service that says nothing about some names until the test is over."""
    silence = Event()
    yield silence
    silence.set()


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch, silence: Event) -> list[str]:
    inquiries: list[str] = []

    def answer(name: str, port: None, **kwargs: Any) -> list[tuple[Any, ...]]:
        inquiries.append(name)
        if name.startswith("silent"):
            silence.wait(30.0)
        if name.startswith("odd"):
            raise UnicodeError("label too long")
        if name.startswith("unknown"):
            raise socket.gaierror(socket.EAI_NONAME, "not known")
        return [(socket.AF_INET6, socket.SOCK_STREAM, 6, "", (f"fe80::{len(inquiries)}%eth0", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return inquiries


def test_each_name_is_asked_for_once(asked: list[str]) -> None:
    found = look_up(["a.example", "b.example", "a.example"], within=5.0)
    assert sorted(asked) == ["a.example", "b.example"]
    assert {str(address) for addresses in found.values() for address in addresses} == {"fe80::1", "fe80::2"}


def test_one_that_nobody_answers_for_holds_up_no_other_and_nobody_beyond_the_limit(silence: Event) -> None:
    begun = time.monotonic()
    found = look_up(["silent-1.example", "silent-2.example", "a.example", "unknown.example"], within=0.2)
    assert time.monotonic() - begun < 1.0
    assert isinstance(found["silent-1.example"], TimeoutError) and isinstance(found["silent-2.example"], TimeoutError)
    assert isinstance(found["unknown.example"], socket.gaierror) and isinstance(found["a.example"], list)


def test_a_name_that_cannot_even_be_asked_for_is_its_own_failure_only() -> None:
    found = look_up(["odd.example", "a.example"], within=5.0)
    assert isinstance(found["odd.example"], OSError) and isinstance(found["a.example"], list)


def test_when_time_is_up_nobody_is_asked_any_more(
    monkeypatch: pytest.MonkeyPatch, asked: list[str], silence: Event
) -> None:
    monkeypatch.setattr(names, "MOST", 1)
    found = look_up(["silent.example", "a.example"], within=0.1)
    assert all(isinstance(one, TimeoutError) for one in found.values())
    silence.set()
    for thread in threading.enumerate():
        if thread.name == "ops-names":
            thread.join()
    assert asked == ["silent.example"]
