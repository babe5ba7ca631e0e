"""How the web server's requests are served: in one piece, on threads that are used again.

By itself Django starts a thread for each request under ASGI, and leaves and enters it for each middleware that is not
asynchronous, which are all but a few: that cost more than most requests. Views here are not asynchronous either.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase

IDLE = 20  # threads that are kept while nobody needs them; there is one for each request under way

Message = MutableMapping[str, Any]


class Handler(ASGIHandler):
    """Middleware and view run in one go, as under WSGI; signals, disconnecting clients and streams are Django's.

    A thread keeps nothing of a request for the next one: translations and time zones lie in the request's context,
    and its connection has gone back to the pool when `request_finished` has been sent.
    """

    def __init__(self) -> None:
        super().__init__()
        self.idle: list[ThreadPoolExecutor] = []

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = await sync_to_async(self.get_response)(request)
        return response

    async def __call__(
        self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        if scope["type"] != "http":
            raise ValueError(f"There is HTTP here, and no {scope['type']}.")
        thread = self.idle.pop() if self.idle else ThreadPoolExecutor(1, "request")
        is_free = False
        try:
            async with ThreadSensitiveContext(executor=thread):
                await self.handle(scope, receive, send)
            is_free = True
        finally:
            # What was cut off may run on: nobody is to wait behind it
            if is_free and len(self.idle) < IDLE:
                self.idle.append(thread)
            else:
                thread.shutdown(wait=False)


def application() -> Handler:
    """As Django's get_asgi_application()."""
    django.setup(set_prefix=False)
    return Handler()
