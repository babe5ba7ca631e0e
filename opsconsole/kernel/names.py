"""Looking up the names of hosts: many at once, under one limit, whatever the name service does."""

import math
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from queue import Empty, SimpleQueue
from threading import BoundedSemaphore, Thread

IPAddress = IPv4Address | IPv6Address
Found = list[IPAddress] | OSError

MOST = 256  # inquiries of a process: each has a thread and a socket, some for longer than anybody waits for them
_places = BoundedSemaphore(MOST)


def resolve(name: str) -> list[IPAddress]:
    """Every address of a host, the one to connect to first; raises OSError. It takes as long as it takes."""
    answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers]


def look_up(names: Iterable[str], *, within: float) -> dict[str, Found]:
    """What the names stand for, or why it is not known: TimeoutError for those without an answer `within` seconds."""
    inquiries = Inquiries(names, within=within)
    return {**inquiries.known(), **inquiries.given_up()}


class Inquiries:
    """Names that are being looked up from now on, each by a thread of its own, so that none waits for another.

    An inquiry cannot be broken off: the threads of those that take longer than `within` seconds are left to themselves.
    """

    def __init__(self, names: Iterable[str], *, within: float) -> None:
        self.within, self._until = within, time.monotonic() + within
        self._answers: SimpleQueue[tuple[str, Found]] = SimpleQueue()
        self.open = set(names)
        for name in self.open:
            if not _places.acquire(blocking=False):
                self._answers.put((name, OSError(f"the name {name} cannot be looked up now: {MOST} others are")))
                continue
            try:
                Thread(target=_inquire, args=(name, self._answers, _places), name="ops-names", daemon=True).start()
            except RuntimeError as error:  # the system has no more threads to give
                _places.release()
                self._answers.put((name, OSError(f"the name {name} cannot be looked up now: {error}")))

    def known(self, within: float = math.inf) -> dict[str, Found]:
        """What has come by now, or comes within so many seconds, as long as there is time: each name once."""
        until = min(self._until, time.monotonic() + within)
        found: dict[str, Found] = {}
        with suppress(Empty):
            while self.open:
                name, answer = self._answers.get(timeout=max(0.0, until - time.monotonic()))
                self.open.discard(name)
                found[name] = answer
        return found

    def given_up(self) -> dict[str, Found]:
        """Those that nobody has answered for, to be told when time is up."""
        return {name: TimeoutError(f"the name {name} was not looked up within {self.within:g} s") for name in self.open}


def _inquire(name: str, answers: "SimpleQueue[tuple[str, Found]]", places: BoundedSemaphore) -> None:
    found = _found(name)
    places.release()
    answers.put((name, found))


def _found(name: str) -> Found:
    try:
        return resolve(name)
    except OSError as error:
        return error
    except Exception as error:  # such as a name that the library cannot encode: nobody else's inquiry ends with it
        return OSError(f"the name {name} cannot be looked up: {error}")
