"""One POST to one checked address: no redirects, no proxies, a bounded answer in a bounded time."""

import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from threading import Timer

from opsconsole.examples.academics.webhooks.addresses import Target

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
    begun = time.monotonic()
    connection = _Connection(target, timeout)
    try:
        connection.connect()
        with _deadline(connection.sock, begun + timeout):
            connection.request("POST", target.path, body, {"Host": target.host_header, **headers})
            response = connection.getresponse()
            text = response.read(KEPT).decode("utf-8", "replace").replace("\0", "")
    except (OSError, HTTPException) as error:
        late = isinstance(error, TimeoutError)
        problem = f"no complete answer within {timeout:g} s" if late else f"{type(error).__name__}: {error}"
        raise NoAnswer(problem) from error
    finally:
        connection.close()
    return Answer(response.status, text, time.monotonic() - begun)


class _Connection(HTTPConnection):
    """Connects to the checked address; TLS still asks for, and verifies, the host's name."""

    def __init__(self, target: Target, timeout: float) -> None:
        super().__init__(target.host, target.port, timeout=timeout)
        self.target = target

    def connect(self) -> None:
        self.sock = socket.create_connection((self.target.address, self.target.port), self.timeout)
        if self.target.is_tls:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.target.host)


@contextmanager
def _deadline(sock: socket.socket, ends: float) -> Iterator[None]:
    """Break the exchange off in time: timeouts of single reads don't stop somebody who drips.

    Raises TimeoutError then, whatever was read: http.client takes headers that end too early for whole.
    """
    timer = Timer(max(ends - time.monotonic(), 0), _break_off, [sock])
    timer.daemon = True
    timer.start()
    try:
        yield
    except (OSError, HTTPException):
        if time.monotonic() < ends:
            raise
    finally:
        timer.cancel()
    if time.monotonic() >= ends:
        raise TimeoutError


def _break_off(sock: socket.socket) -> None:
    with suppress(OSError):  # it may be closed already
        # not SSLSocket's own shutdown: it would forget its state under the reader
        socket.socket.shutdown(sock, socket.SHUT_RDWR)
