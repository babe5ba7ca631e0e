"""Names are looked up side by side, and nobody waits longer than the limit."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest

from opsconsole.kernel import names
from opsconsole.kernel.names import Inquiries, look_up

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


def test_however_many_are_silent_the_others_are_known() -> None:
    found = look_up([*(f"silent-{number}.example" for number in range(150)), "a.example"], within=3.0)
    assert isinstance(found.pop("a.example"), list)
    assert all(isinstance(one, TimeoutError) for one in found.values()) and len(found) == 150


def test_what_is_known_early_is_told_early_and_each_name_once(silence: Event) -> None:
    inquiries = Inquiries(["silent.example", "a.example"], within=5.0)
    assert set(inquiries.known(2.0)) == {"a.example"} and inquiries.open == {"silent.example"}
    silence.set()
    assert set(inquiries.known()) == {"silent.example"} and inquiries.given_up() == {}


def test_no_more_are_looked_up_at_once_than_a_process_has_room_for(
    monkeypatch: pytest.MonkeyPatch, silence: Event
) -> None:
    monkeypatch.setattr(names, "_places", threading.BoundedSemaphore(2))
    first = Inquiries(["silent-1.example", "silent-2.example"], within=5.0)
    found = look_up(["a.example"], within=5.0)
    assert "cannot be looked up now" in str(found["a.example"])
    silence.set()
    assert len(first.known()) == 2
    assert isinstance(look_up(["a.example"], within=5.0)["a.example"], list)


def test_names_for_which_there_are_no_threads_fail_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Thread(threading.Thread):
        def start(self) -> None:
            if self._args[0] == "b.example":  # type: ignore[attr-defined]
                raise RuntimeError("can't start new thread")
            super().start()

    monkeypatch.setattr(names, "Thread", Thread)
    found = look_up(["a.example", "b.example"], within=5.0)
    assert isinstance(found["a.example"], list) and "can't start new thread" in str(found["b.example"])
