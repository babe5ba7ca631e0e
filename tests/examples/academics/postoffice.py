"""The demonstration's mail server in this process, on a thread of its own."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from asgiref.sync import sync_to_async
from django.db import connections

from opsconsole.examples.academics.mailsink.server import listen


class PostOffice(Thread):
    def __init__(self) -> None:
        super().__init__(name="post office", daemon=True)
        self.port = 0
        self._open = Event()
        self._loop: asyncio.AbstractEventLoop
        self._closing: asyncio.Event

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._closing = asyncio.get_running_loop(), asyncio.Event()
        server = await listen("127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._open.set()
        await self._closing.wait()
        server.close()
        await sync_to_async(connections.close_all, thread_sensitive=True)()

    def close(self) -> None:
        """May be called twice."""
        if not self.is_alive():
            return
        self._loop.call_soon_threadsafe(self._closing.set)
        self.join(10)


@contextmanager
def post_office() -> Iterator[PostOffice]:
    """Open, with a port, until the block ends."""
    office = PostOffice()
    office.start()
    assert office._open.wait(10)
    try:
        yield office
    finally:
        office.close()
