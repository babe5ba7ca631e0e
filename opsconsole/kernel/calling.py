"""One POST to one checked address: no redirects, no proxies, a bounded answer in a bounded time."""

import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException, HTTPResponse
from io import BufferedReader, RawIOBase
from typing import Any

from opsconsole.kernel.addresses import Target

KEPT = 4096  # bytes of an answer


class NoAnswer(Exception):
    """The other side could not be reached, broke off, or took too long."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: str
    latency: float  # seconds, until the kept part of the body was read


def post(target: Target, body: bytes, headers: Mapping[str, str], *, timeout: float) -> Answer:
    """The answer, whatever its status; raises NoAnswer. `timeout` bounds the whole exchange, in seconds."""
    request = _head(target, {"Content-Length": str(len(body)), **headers}) + body
    begun = time.monotonic()
    exchange = _Exchange(begun + timeout)
    try:
        exchange.connect(target)
        exchange.send(request)
        status, answered = exchange.receive()
    except (OSError, HTTPException) as error:
        late = isinstance(error, TimeoutError)
        problem = f"no complete answer within {timeout:g} s" if late else f"{type(error).__name__}: {error}"
        raise NoAnswer(problem) from error
    finally:
        exchange.close()
    return Answer(status, answered.decode("utf-8", "replace").replace("\0", ""), time.monotonic() - begun)


def _head(target: Target, headers: Mapping[str, str]) -> bytes:
    lines = [f"POST {target.path} HTTP/1.1", f"Host: {target.host_header}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a header holds a line break")
    return "\r\n".join([*lines, "", ""]).encode("ascii")


class _Exchange(RawIOBase):
    """A connection of which every step is given the time that is left: single timeouts don't stop one who drips.

    It is also the stream that http.client reads the answer from.
    """

    def __init__(self, ends: float) -> None:
        self.ends = ends  # monotonic
        self.socket: socket.socket | None = None

    def connect(self, target: Target) -> None:
        """To the checked address, which is a number: nothing is resolved a second time. TLS still asks for, and
        verifies, the host's name."""
        family = socket.AF_INET6 if ":" in target.address else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self._in_time().connect((target.address, target.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if target.is_tls:
            self.socket = _tls().wrap_socket(self._in_time(), server_hostname=target.host)

    def send(self, data: bytes) -> None:
        self._in_time().sendall(data)

    def receive(self) -> tuple[int, bytes]:
        """The status, and the beginning of the body."""
        response = HTTPResponse(self, method="POST")  # type: ignore[arg-type]  # makefile() is all it needs
        response.begin()
        return response.status, response.read(KEPT)

    def makefile(self, mode: str) -> BufferedReader:
        return BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._in_time().recv_into(buffer)

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
        super().close()

    def _in_time(self) -> socket.socket:
        """The socket, with as much time as is left; raises TimeoutError when there is none."""
        left = self.ends - time.monotonic()
        if left <= 0 or self.socket is None:
            raise TimeoutError
        self.socket.settimeout(left)
        return self.socket


@cache
def _tls() -> ssl.SSLContext:
    """Made once: reading the authorities of the system takes as long as many calls."""
    return ssl.create_default_context()
