"""One POST over a real connection on this machine: what it sends, what it takes for an answer, when it gives up."""

import errno
import shutil
import socket
import ssl
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from opsconsole.kernel import calling
from opsconsole.kernel.addresses import ForbiddenAddress, Target, target
from opsconsole.kernel.answers import KEPT
from opsconsole.kernel.calling import Answer, NoAnswer, Request, post, post_many

Act = Callable[[socket.socket], None]


class Listener:
    """Takes one connection after another, reads a request and does what it is told."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.requests: list[bytes] = []
        self.act: Act = saying(b"HTTP/1.1 204 No Content\r\n\r\n")
        self.thread = Thread(target=self.serve, daemon=True)
        self.thread.start()

    def close(self) -> None:
        """Nobody listens when this returns: closing alone would not wake the thread."""
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                self.requests.append(_request(connection))
                try:
                    self.act(connection)
                except OSError:
                    continue  # the caller has left

    def target(self, path: str = "/hook") -> Target:
        return target(f"http://127.0.0.1:{self.port}{path}", loopback=True)


def _request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := connection.recv(65_536)):
            return data
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    while len(body) < length and (more := connection.recv(65_536)):
        body += more
    return head + b"\r\n\r\n" + body


def saying(*pieces: bytes, pause: float = 0.0) -> Act:
    def say(connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause)  # a slow speaker, not a wait for anything

    return say


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


def call(listener: Listener, body: bytes = b"{}", timeout: float = 5.0, **headers: str) -> Answer:
    return post(listener.target(), body, headers, timeout=timeout)


def test_the_request_is_whole_and_names_the_host(listener: Listener) -> None:
    answer = call(listener, b'{"a":1}', **{"X-Key": "k"})
    assert (answer.status, answer.body) == (204, "")
    assert answer.latency > 0
    head, _, body = listener.requests[0].partition(b"\r\n\r\n")
    assert body == b'{"a":1}'
    assert head.split(b"\r\n") == [
        b"POST /hook HTTP/1.1",
        b"Host: 127.0.0.1:%d" % listener.port,
        b"Connection: close",
        b"Content-Length: 7",
        b"X-Key: k",
    ]


@pytest.mark.parametrize(
    ("said", "status", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello", 200, "he"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", 200, "abcde"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=1\r\nabc\r\n0\r\nX: y\r\n\r\n", 200, "abc"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n5\r\nde", 200, "abcde"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", 200, "abc"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 200, ""),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nab0\r\n\r\nc\r\n0\r\n\r\n", 200, "ab0\r\n\r\nc"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 9000, 200, "x" * KEPT),
        (b"HTTP/1.1 404 Not Found\r\n\r\nuntil the end", 404, "until the end"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", 200, "short"),
        (b"HTTP/1.0 201 Made\r\n\r\n", 201, ""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", 202, ""),
        (b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", 302, ""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\na\x00\xffb", 200, "a\ufffdb"),
    ],
)
def test_answers_of_every_shape_are_understood(listener: Listener, said: bytes, status: int, body: str) -> None:
    listener.act = saying(said)
    answer = call(listener)
    assert (answer.status, answer.body) == (status, body)
    assert len(listener.requests) == 1, "nothing is followed"


@pytest.mark.parametrize("at", range(1, 14))
def test_a_body_in_chunks_may_come_in_any_pieces(listener: Listener, at: int) -> None:
    chunks = b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
    listener.act = saying(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", chunks[:at], chunks[at:], pause=0.005
    )
    assert (call(listener).status, call(listener).body) == (200, "abc")


def test_a_connection_that_is_reset_behind_the_head_does_not_take_the_status_back(listener: Listener) -> None:
    def act(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort")
        time.sleep(0.02)  # so that it is read before
        _reset(connection)

    listener.act = act
    assert (call(listener).status, call(listener).body) == (200, "short")
    listener.act = _reset
    with pytest.raises(NoAnswer, match="ConnectionResetError"):
        call(listener)


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def test_only_the_beginning_of_a_long_answer_is_read(listener: Listener) -> None:
    listener.act = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n", *[b"x" * 100_000] * 100)
    assert call(listener).body == "x" * KEPT


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-FFFFFFFFFFFFFFFFFFFF\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1_0\r\n0123456789012345\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"x" * 10_000,
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_http_is_no_answer(listener: Listener, said: bytes) -> None:
    listener.act = saying(said)
    with pytest.raises(NoAnswer):
        call(listener)


@pytest.mark.parametrize(
    "drops",
    [
        [b"HTTP/1.1 200 O", *[b"K"] * 500],
        [b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n"] * 90],
        [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n"] * 90],
    ],
)
def test_somebody_who_drips_is_broken_off_in_time(listener: Listener, drops: list[bytes]) -> None:
    listener.act = saying(*drops, pause=0.02)
    begun = time.monotonic()
    with pytest.raises(NoAnswer, match=r"no complete answer within 0\.3 s"):
        call(listener, timeout=0.3)
    assert time.monotonic() - begun < 1.0


@pytest.mark.parametrize(
    "drops",
    [
        [b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", *[b"x"] * 500],
        [b"HTTP/1.1 200 OK\r\n\r\n", *[b"x"] * 500],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n"] * 500],
    ],
)
def test_a_status_counts_when_the_body_behind_it_does_not_come_in_time(listener: Listener, drops: list[bytes]) -> None:
    listener.act = saying(*drops, pause=0.02)
    begun = time.monotonic()
    answer = call(listener, timeout=1.0)
    assert answer.status == 200 and set(answer.body) == {"x"}
    assert 1.0 <= time.monotonic() - begun < 5.0


@pytest.mark.parametrize("said", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: y\r\n", b"x"])
def test_somebody_who_never_stops_is_broken_off_and_holds_up_nobody(listener: Listener, said: bytes) -> None:
    def act(connection: socket.socket) -> None:
        while True:
            connection.sendall(said * 1000)

    listener.act = act
    endless = Request("endless", listener.target("/endless"), b"{}", {})
    with closing(Listener()) as other:
        groups = list(post_many([endless, Request("other", other.target(), b"{}", {})], timeout=2.0))
    outcomes = dict(one for group in groups for one in group)
    assert isinstance(outcomes["endless"], NoAnswer) and outcomes["endless"].seconds < 1.0
    assert isinstance(outcomes["other"], Answer)


def test_a_long_answer_is_read_in_turn_with_others(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is read from twice before everybody who has something to say was looked at."""
    monkeypatch.setattr(calling, "RECORD", 10)
    listener.act = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n" + b"x" * 200)
    steps: list[Any] = []
    advance = calling._Calls.advance

    def noted(self: Any, call: Any, error: BaseException | None = None) -> None:
        steps.append(call.key)
        advance(self, call, error)

    monkeypatch.setattr(calling._Calls, "advance", noted)
    list(post_many([Request(0, listener.target(), b"{}", {})], timeout=5.0))
    assert len(steps) > 20


def test_somebody_who_says_nothing_is_broken_off_in_time(listener: Listener) -> None:
    listener.act = lambda connection: time.sleep(1.0)
    with pytest.raises(NoAnswer, match=r"within 0\.2 s"):
        call(listener, timeout=0.2)


def test_nobody_listening_is_no_answer(listener: Listener) -> None:
    listener.close()
    with pytest.raises(NoAnswer, match="ConnectionRefusedError"):
        call(listener)


def test_a_header_cannot_hold_another_one(listener: Listener) -> None:
    with pytest.raises(ValueError, match="line break"):
        call(listener, **{"X-Key": "k\r\nX-Other: o"})
    assert not listener.requests


def test_a_name_that_points_inside_after_it_was_checked_leads_nowhere_else(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rebinding: public at the check, this machine ever after. The checked address is the one that is connected to."""
    inquiries: list[str] = []
    connected: list[Any] = []

    def answer(host: str, port: int, **kwargs: Any) -> list[tuple[Any, ...]]:
        inquiries.append(host)
        address = "8.8.8.8" if len(inquiries) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(self: socket.socket, address: Any) -> int:
        connected.append(address)
        return errno.ECONNREFUSED  # kept from leaving this machine

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    url = f"http://rebind.example:{listener.port}/hook"
    checked = target(url)
    monkeypatch.setattr(socket.socket, "connect_ex", connect)
    with pytest.raises(NoAnswer):
        post(checked, b"{}", {}, timeout=1.0)
    assert connected == [("8.8.8.8", listener.port)] and inquiries == ["rebind.example"]
    with pytest.raises(ForbiddenAddress):
        target(url)
    assert not listener.requests


def test_many_calls_are_made_at_once_and_told_as_they_are_answered(listener: Listener) -> None:
    """The listener takes one after the other; whoever has no answer in time holds up nobody before it."""
    requests = [Request(number, listener.target(f"/{number}"), b"{}", {}) for number in range(20)]
    refused = Request("refused", target("http://127.0.0.1:9/", loopback=True), b"{}", {})
    listener.act = lambda connection: saying(b"HTTP/1.1 204 No Content\r\n\r\n", pause=0.01)(connection)
    groups = list(post_many([*requests, refused], timeout=5.0))
    outcomes = dict(one for group in groups for one in group)
    assert len(groups) > 1 and len(outcomes) == 21
    assert isinstance(outcomes["refused"], NoAnswer)
    assert {outcome.status for outcome in outcomes.values() if isinstance(outcome, Answer)} == {204}


def test_whoever_says_nothing_is_left_and_the_others_have_been_told_long_before(listener: Listener) -> None:
    listener.act = lambda connection: time.sleep(1.0)
    requests = [Request(number, listener.target(), b"{}", {}) for number in range(2)]
    requests.append(Request(2, target("http://127.0.0.1:9/", loopback=True), b"{}", {}))
    begun = time.monotonic()
    first, *others = post_many(requests, timeout=0.3)
    assert [key for key, _ in first] == [2]
    assert sorted(key for group in others for key, _ in group) == [0, 1]
    assert time.monotonic() - begun < 0.9


def test_an_answer_that_nobody_foresaw_is_one_calls_failure_only(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    def understood(said: bytes, *, is_all: bool) -> tuple[int, bytes]:
        if b"204" in said:
            return 204, b""
        raise OverflowError("nobody foresaw this")

    monkeypatch.setattr(calling, "understood", understood)
    answers = iter([b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 204 OK\r\n\r\n"])
    listener.act = lambda connection: saying(next(answers))(connection)
    groups = post_many([Request(number, listener.target(), b"{}", {}) for number in range(3)], timeout=5.0)
    outcomes = [outcome for group in groups for _, outcome in group]
    assert [outcome.status for outcome in outcomes if isinstance(outcome, Answer)] == [204, 204]
    assert [str(outcome) for outcome in outcomes if isinstance(outcome, NoAnswer)] == [
        "OverflowError: nobody foresaw this"
    ]


def test_a_call_that_no_socket_can_be_made_for_is_no_answer_and_no_others_failure(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = socket.socket

    def refuse(family: int = -1, *args: Any, **kwargs: Any) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return make(family, *args, **kwargs)

    requests = [Request(4, listener.target(), b"{}", {}), Request(6, target("http://[::1]:9/", loopback=True), b"", {})]
    monkeypatch.setattr(socket, "socket", refuse)
    outcomes = dict(one for group in post_many(requests, timeout=5.0) for one in group)
    assert isinstance(outcomes[4], Answer) and "not supported" in str(outcomes[6])


def test_the_time_in_which_nobody_looks_counts_for_nobody(listener: Listener) -> None:
    """Whoever records what was answered takes its time; answers to the others are waiting when it comes back."""
    answered = Event()

    def act(connection: socket.socket) -> None:
        if len(listener.requests) > 1:
            answered.wait(5.0)
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    listener.act = act
    calls = post_many([Request(number, listener.target(), b"{}", {}) for number in range(3)], timeout=0.5)
    (first,) = next(calls)
    time.sleep(0.6)  # somebody who records slowly
    answered.set()
    outcomes = dict([first, *(one for group in calls for one in group)])
    assert [outcome.status for outcome in outcomes.values() if isinstance(outcome, Answer)] == [204] * 3


def test_nothing_is_sent_when_no_time_is_left_for_an_answer(listener: Listener) -> None:
    calls = calling._Calls(5.0)
    calls.begin("late", listener.target(), Request("late", listener.target(), b"{}", {}).encoded())
    (late,) = calls.waiting
    late.begun -= 5.0
    calls.look()
    ((_, outcome),) = calls.take()
    calls.end()
    assert isinstance(outcome, NoAnswer)
    listener.close()
    assert set(listener.requests) <= {b""}


def test_calls_that_nobody_wants_any_more_are_let_go(listener: Listener) -> None:
    calls = post_many([Request(number, listener.target(), b"{}", {}) for number in range(5)], timeout=5.0)
    next(calls)
    calls.close()


@pytest.fixture
def secret_listener(tmp_path: Path) -> Iterator[tuple[int, ssl.SSLContext]]:
    """A port behind TLS, with a certificate for localhost; and a context that trusts it."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl here to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    words += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", "req", *words], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server.server_port, ssl.create_default_context(cafile=str(certificate))
    server.shutdown()
    server.server_close()


class Echo(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def test_behind_tls_the_hosts_name_is_asked_for_and_verified(
    secret_listener: tuple[int, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, trusting = secret_listener
    where = target(f"https://localhost:{port}/hook", loopback=True)
    with pytest.raises(NoAnswer, match="CERTIFICATE_VERIFY_FAILED"):
        post(where, b"hello", {}, timeout=5.0)
    monkeypatch.setattr(calling, "_tls", lambda: trusting)
    assert post(where, b"hello" * 1000, {}, timeout=5.0).body == ("hello" * 1000)[:KEPT]
    with pytest.raises(NoAnswer, match="Hostname mismatch"):
        post(replace(where, host="other.example"), b"hello", {}, timeout=5.0)
