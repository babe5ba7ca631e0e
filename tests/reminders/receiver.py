"""A receiver of callbacks on this machine: it keeps what it is sent, and answers as told."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self

from django.db import connection

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True, slots=True)
class Received:
    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        return json.loads(self.raw)


class Receiver(ThreadingHTTPServer):
    """`answers` are given one a call; the last of them for ever."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.calls: list[Received] = []
        self.answers: list[Answer] = [saying(204)]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/inbox"

    def answer(self, *answers: Answer | int) -> None:
        self.answers = [saying(answer) if isinstance(answer, int) else answer for answer in answers]

    def __enter__(self) -> Self:
        Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()


class _Answering(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.calls.append(Received(self.path, headers, body))
        answers = self.server.answers
        (answers.pop(0) if len(answers) > 1 else answers[0])(self)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def saying(code: int, body: bytes = b"", **headers: str) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    return answer


def silent(seconds: float) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        time.sleep(seconds)  # a receiver that hangs, not a wait for anything

    return answer


def meanwhile(act: Callable[[], object], code: int = 204) -> Answer:
    """Something happens while the call is on its way."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        act()
        connection.close()  # of this thread
        saying(code)(request)

    return answer
