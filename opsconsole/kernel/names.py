"""Looking up the names of hosts: many at once, under one limit, whatever the name service does."""

import socket
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from queue import Empty, SimpleQueue
from threading import Thread

IPAddress = IPv4Address | IPv6Address
Found = list[IPAddress] | OSError

MOST = 64  # inquiries of one go at the same time


def resolve(name: str) -> list[IPAddress]:
    """Every address of a host, the one to connect to first; raises OSError. It takes as long as it takes."""
    answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers]


def look_up(names: Iterable[str], *, within: float) -> dict[str, Found]:
    """What the names stand for, or why it is not known: TimeoutError for those without an answer `within` seconds.

    An inquiry cannot be broken off: the threads of those that take longer are left to themselves.
    """
    until, answers = time.monotonic() + within, SimpleQueue[tuple[str, Found]]()
    found: dict[str, Found] = {
        name: TimeoutError(f"the name {name} was not looked up within {within:g} s") for name in names
    }
    left = deque(found)
    for _ in range(min(len(left), MOST)):
        Thread(target=_inquire, args=(left, answers), name="ops-names", daemon=True).start()
    with suppress(Empty):
        for _ in range(len(found)):
            name, answer = answers.get(timeout=max(0.0, until - time.monotonic()))
            found[name] = answer
    left.clear()
    return found


def _inquire(left: deque[str], answers: SimpleQueue[tuple[str, Found]]) -> None:
    with suppress(IndexError):  # others have taken the last one
        while True:
            name = left.popleft()
            answers.put((name, _found(name)))


def _found(name: str) -> Found:
    try:
        return resolve(name)
    except OSError as error:
        return error
    except Exception as error:  # such as a name that the library cannot encode: nobody else's inquiry ends with it
        return OSError(f"the name {name} cannot be looked up: {error}")
