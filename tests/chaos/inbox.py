"""A receiver of callbacks that costs next to nothing, in a process of its own: a line in a file for each call it answers.

Its manners are told in its arguments: a share of calls that it refuses, a share that it never answers, and whole seconds
(since the epoch) between which it is dead: it closes every connection at once.
"""

import argparse
import asyncio
import random
import re
import time
from typing import TextIO

HEAD_END = b"\r\n\r\n"
LENGTH, KEY = re.compile(rb"(?i)content-length: *(\d+)"), re.compile(rb"(?i)idempotency-key: *(\S+)")
SCHEDULED = re.compile(rb'"scheduledAt":"([^"]+)"')


class Call(asyncio.Protocol):
    """One connection, one call."""

    def __init__(self, manners: argparse.Namespace, lines: TextIO) -> None:
        self.manners, self.lines, self.data = manners, lines, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self.manners.dead_from <= time.time() < self.manners.dead_until:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        self.data += data
        head, end, body = self.data.partition(HEAD_END)
        length = LENGTH.search(head) if end else None
        if length and len(body) >= int(length[1]):
            self.answer(head, body)

    def answer(self, head: bytes, body: bytes) -> None:
        key, scheduled = KEY.search(head), SCHEDULED.search(body)
        assert key and scheduled
        draw = random.random()
        kind = "silent" if draw < self.manners.silent else "taken"
        if self.manners.silent <= draw < self.manners.silent + self.manners.refuse:
            kind = "refused"
        print(time.time(), key[1].decode(), scheduled[1].decode(), kind, file=self.lines, flush=True)
        if kind != "silent":
            code = b"204 No Content" if kind == "taken" else b"503 Service Unavailable"
            self.transport.write(b"HTTP/1.1 " + code + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            self.transport.close()


async def serve(manners: argparse.Namespace) -> None:
    with open(manners.lines, "w") as lines:
        server = await asyncio.get_running_loop().create_server(
            lambda: Call(manners, lines), "127.0.0.1", 0, backlog=4096
        )
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("lines", help="the file to write to")
    for name in ("--refuse", "--silent", "--dead-from", "--dead-until"):
        parser.add_argument(name, type=float, default=0.0)
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
