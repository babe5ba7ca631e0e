"""POSTs to checked addresses, many at once in one thread: no redirects, no proxies, a bounded answer in a bounded time.

for answered in post_many(calls, timeout=10):  # those that have been answered within the same few milliseconds
    for key, answer in answered: ...
"""

import errno
import os
import socket
import ssl
import time
from collections.abc import Generator, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector
from typing import Any, Generic, TypeVar

from opsconsole.kernel.addresses import Target
from opsconsole.kernel.answers import begun, understood

TOGETHER = 0.004  # seconds that an answer waits for others
MOST = 50  # answers handed out together
QUIET = 1.0  # seconds without anything to tell: whoever makes the calls may want to let go of something
RECORD = 16_384  # bytes, the most that TLS holds in one record: none is left where nobody looks for it

K = TypeVar("K", bound=Hashable)


class NoAnswer(Exception):
    """The other side could not be reached, broke off, or took too long: after so many `seconds`."""

    seconds = 0.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str
    latency: float  # seconds, until the kept part of the body was read


@dataclass(frozen=True, slots=True)
class Request(Generic[K]):
    """A POST to be made; `key` is the caller's word for it."""

    key: K
    target: Target
    body: bytes
    headers: Mapping[str, str]

    def encoded(self) -> bytes:
        """Raises ValueError when a header holds a line break."""
        lines = [f"POST {self.target.path} HTTP/1.1", f"Host: {self.target.host_header}", "Connection: close"]
        lines.append(f"Content-Length: {len(self.body)}")
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("a header holds a line break")
        return "\r\n".join([*lines, "", ""]).encode("ascii") + self.body


Outcome = Answer | NoAnswer


def post(target: Target, body: bytes, headers: Mapping[str, str], *, timeout: float) -> Answer:
    """The answer, whatever its status; raises NoAnswer. `timeout` bounds the whole exchange, in seconds."""
    ((_, outcome),) = next(filter(None, post_many([Request("", target, body, headers)], timeout=timeout)))
    if isinstance(outcome, NoAnswer):
        raise outcome
    return outcome


def post_many(requests: Sequence[Request[K]], *, timeout: float) -> Iterator[list[tuple[K, Outcome]]]:
    """Make all of these calls at once; what became of them comes in groups, as it comes; an empty one when nothing has
    come for QUIET seconds. The time bounds each."""
    calls = _Calls(timeout)
    try:
        for request in requests:
            calls.begin(request.key, request.target, request.encoded())
        while calls.waiting or calls.done:
            calls.look()
            if calls.is_time_to_tell or calls.is_quiet:
                told = time.monotonic()
                yield calls.take()
                calls.excuse(time.monotonic() - told)
    finally:
        calls.end()


Steps = Generator[tuple[int, int], None, tuple[int, bytes]]


@dataclass(eq=False)
class _Call:
    """One exchange: `steps` yields which file it waits for, and for what, and ends with status and body."""

    key: Any
    begun: float
    steps: Steps
    file: int | None = None  # that is waited for


@dataclass
class _Calls:
    """All the exchanges of one go, and what is known by now."""

    timeout: float
    waiting: set[_Call] = field(default_factory=set)
    done: list[tuple[Any, Outcome]] = field(default_factory=list)
    first_done: float = 0.0
    told_at: float = field(default_factory=time.monotonic)
    selector: DefaultSelector = field(default_factory=DefaultSelector)

    def begin(self, key: Any, target: Target, request: bytes) -> None:
        call = _Call(key, time.monotonic(), _exchange(target, request))
        self.waiting.add(call)
        self.advance(call)

    def advance(self, call: _Call, error: BaseException | None = None) -> None:
        """Let it go on until it has to wait, or has ended."""
        try:
            file, event = next(call.steps) if error is None else call.steps.throw(error)
        except StopIteration as end:
            status, body = end.value
            text = body.decode("utf-8", "replace").replace("\0", "")
            self.settle(call, Answer(status, text, time.monotonic() - call.begun))
        except TimeoutError:
            self.settle(call, NoAnswer(f"no complete answer within {self.timeout:g} s"))
        except Exception as failure:  # of any kind: what one side says must not end the calls to the others
            self.settle(call, NoAnswer(f"{type(failure).__name__}: {failure}"))
        else:
            self.wait_for(call, file, event)

    def wait_for(self, call: _Call, file: int, event: int) -> None:
        if call.file is None:
            self.selector.register(file, event, call)
        elif call.file != file or self.selector.get_key(file).events != event:
            self.selector.unregister(call.file)
            self.selector.register(file, event, call)
        call.file = file

    def settle(self, call: _Call, outcome: Outcome) -> None:
        if isinstance(outcome, NoAnswer):
            outcome.seconds = time.monotonic() - call.begun
        self.first_done = self.first_done or time.monotonic()
        self.done.append((call.key, outcome))
        self.drop(call)

    def drop(self, call: _Call) -> None:
        self.waiting.discard(call)
        if call.file is not None:
            self.selector.unregister(call.file)
        call.steps.close()  # and with it whatever socket it has by now

    def look(self) -> None:
        """Go on with those that something has come for; then with those whose time is up. Nothing is sent to whom no
        time is left for an answer."""
        ready, overdue = self.selector.select(self._patience()), time.monotonic() - self.timeout
        for what, _ in ready:
            is_in_vain = what.events == EVENT_WRITE and what.data.begun <= overdue
            self.advance(what.data, TimeoutError() if is_in_vain else None)
        for call in [call for call in self.waiting if call.begun <= overdue]:
            self.advance(call, TimeoutError())

    def excuse(self, seconds: float) -> None:
        """So long nobody has looked: it counts for nobody, neither towards the time that is left nor as latency."""
        for call in self.waiting:
            call.begun += seconds

    def _patience(self) -> float:
        if self.done:
            return max(0.0, self.first_done + TOGETHER - time.monotonic()) if self.waiting else 0.0
        begun = min(call.begun for call in self.waiting)
        return max(0.0, min(begun + self.timeout, self.told_at + QUIET) - time.monotonic())

    @property
    def is_time_to_tell(self) -> bool:
        if not self.done:
            return False
        is_late = time.monotonic() - self.first_done >= TOGETHER
        return is_late or len(self.done) >= MOST or not self.waiting

    @property
    def is_quiet(self) -> bool:
        return not self.done and time.monotonic() - self.told_at >= QUIET

    def take(self) -> list[tuple[Any, Outcome]]:
        taken, self.done, self.first_done, self.told_at = self.done, [], 0.0, time.monotonic()
        return taken

    def end(self) -> None:
        for call in list(self.waiting):
            self.drop(call)
        self.selector.close()


def _exchange(target: Target, request: bytes) -> Steps:
    """To the checked address, which is a number: nothing is resolved a second time."""
    family = socket.AF_INET6 if ":" in target.address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as made:
        code = made.connect_ex((target.address, target.port))
        if code == errno.EINPROGRESS:
            yield made.fileno(), EVENT_WRITE
            code = made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not target.is_tls:
            return (yield from _converse(made, request))
        return (yield from _converse_in_secret(made, target.host, request))


def _converse(made: socket.socket, request: bytes) -> Steps:
    left = memoryview(request)
    while left:
        try:
            left = left[made.send(left) :]
        except _MUST_WAIT as wait:
            yield made.fileno(), _wanted(wait, EVENT_WRITE)
    said = bytearray()
    try:
        return (yield from _heard(made, said))
    except OSError:  # broken off, or time is up
        if (answer := begun(said)) is None:
            raise
        return answer


def _heard(made: socket.socket, said: bytearray) -> Steps:
    """Add to `said` what comes, until it is an answer."""
    while True:
        try:
            more = made.recv(RECORD)
        except _MUST_WAIT as wait:
            yield made.fileno(), _wanted(wait, EVENT_READ)
            continue
        said += more
        answer = understood(said, is_all=not more)
        if answer is not None:
            return answer
        yield made.fileno(), EVENT_READ  # even if there is more already: others are waiting, and time may be up


def _converse_in_secret(made: socket.socket, host: str, request: bytes) -> Steps:
    """TLS asks for the host's name, and verifies it."""
    with _tls().wrap_socket(made, server_hostname=host, do_handshake_on_connect=False) as secret:
        while True:
            try:
                secret.do_handshake()
                break
            except _MUST_WAIT as wait:
                yield secret.fileno(), _wanted(wait, EVENT_READ)
        return (yield from _converse(secret, request))


_MUST_WAIT = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


def _wanted(wait: BaseException, otherwise: int) -> int:
    if isinstance(wait, ssl.SSLWantReadError):
        return EVENT_READ
    return EVENT_WRITE if isinstance(wait, ssl.SSLWantWriteError) else otherwise


@cache
def _tls() -> ssl.SSLContext:
    """Made once: reading the authorities of the system takes as long as many calls."""
    return ssl.create_default_context()
