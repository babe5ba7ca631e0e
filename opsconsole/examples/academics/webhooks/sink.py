"""A subscriber for the demonstration: checks the signatures of calls, and fails at times."""

import logging
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import random
from threading import Thread

from opsconsole.kernel.signing import is_authentic

LARGEST = 1_000_000  # bytes

log = logging.getLogger(__name__)


class WebhookSink(ThreadingHTTPServer):
    """Answers 204, 401 to a wrong signature, and 503 to a share `busy` (0 to 1) of calls."""

    daemon_threads = True

    def __init__(self, key: Callable[[], str], *, port: int = 0, busy: float = 0.0) -> None:
        super().__init__(("127.0.0.1", port), _Answering)
        self.key = key
        self.busy = busy

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/webhooks"

    def start(self) -> None:
        """Serve on a thread of its own until `shutdown()`."""
        Thread(target=self.serve_forever, name="webhook sink", daemon=True).start()


class _Answering(BaseHTTPRequestHandler):
    server: WebhookSink
    timeout = 10

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length") or "0"
        if not length.isdecimal() or int(length) > LARGEST:
            return self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        body = self.rfile.read(int(length))
        if not self._is_authentic(body):
            return self._answer(HTTPStatus.UNAUTHORIZED)
        if random() < self.server.busy:
            return self._answer(HTTPStatus.SERVICE_UNAVAILABLE, b"busy, come back later")
        return self._answer(HTTPStatus.NO_CONTENT)

    def _is_authentic(self, body: bytes) -> bool:
        timestamp = self.headers.get("webhook-timestamp", "")
        return timestamp.isdecimal() and is_authentic(
            self.server.key(),
            self.headers.get("webhook-id", ""),
            int(timestamp),
            body,
            self.headers.get("webhook-signature", ""),
            now=int(time.time()),
        )

    def _answer(self, status: HTTPStatus, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        log.info("%s %s", self.headers.get("webhook-id", "?"), format % args)
