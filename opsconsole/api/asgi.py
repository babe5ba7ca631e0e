"""Around a project's ASGI application: bodies are bounded while they come in.

Django takes a whole body, onto disk if it is large, before anything of the project sees the request.
"""

import io
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NoReturn

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.utils.log import log_response

from opsconsole.api.bodies import too_large
from opsconsole.api.configuration import configuration
from opsconsole.api.guarding import entered
from opsconsole.api.site import NAMESPACE

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

GONE: Message = {"type": "http.disconnect"}


class BoundedBodies:
    """Answers 413 as soon as a body is declared, or turns out, to be too large: at the API's addresses by its
    `body_limit`, and at all others if it has more bytes than `elsewhere`, where None is any number."""

    def __init__(self, application: Application, *, elsewhere: int | None = None) -> None:
        self.application = application
        self.elsewhere = elsewhere

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
        elif self._is_too_large(scope, _declared(scope)):
            await self._refuse(scope, send)
        else:
            await self._counting(scope, receive, send)

    async def _counting(self, scope: Scope, receive: Receive, send: Send) -> None:
        seen, is_over, is_answered = 0, False, False

        async def counted() -> Message:
            nonlocal seen, is_over
            message = GONE if is_over else await receive()
            seen += len(message.get("body", b""))
            is_over = is_over or self._is_too_large(scope, seen)
            return GONE if is_over else message

        async def answered(message: Message) -> None:
            nonlocal is_answered
            if is_answered or not is_over:
                is_answered = True
                await send(message)

        await self.application(scope, counted, answered)
        if is_over and not is_answered:
            await self._refuse(scope, send)

    def _is_too_large(self, scope: Scope, size: int) -> bool:
        """Whose address it is, is looked up for large bodies only."""
        if size <= configuration().body_limit:
            return False
        limit = self._limit(_is_ours(scope))
        return limit is not None and size > limit

    def _limit(self, is_ours: bool) -> int | None:
        ours = configuration().body_limit
        if is_ours:
            return ours
        return None if self.elsewhere is None else max(self.elsewhere, ours)

    async def _refuse(self, scope: Scope, send: Send) -> None:
        request, is_ours = ASGIRequest(scope, io.BytesIO()), _is_ours(scope)
        response = entered(_refuse)(request) if is_ours else self._plainly(request)
        content = getattr(response, "content", b"")
        response.headers["Content-Length"] = str(len(content))
        headers = [(name.lower().encode("ascii"), value.encode("latin1")) for name, value in response.items()]
        await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _plainly(self, request: HttpRequest) -> HttpResponse:
        response = HttpResponse(too_large(self._limit(False) or 0).detail, status=413, content_type="text/plain")
        log_response("%s: %s", response.reason_phrase, request.path, response=response, request=request)
        return response


def _refuse(request: HttpRequest, **parts: Any) -> NoReturn:
    raise too_large(configuration().body_limit)


def _declared(scope: Scope) -> int:
    sizes = [value for name, value in scope["headers"] if name == b"content-length"]
    return max((int(size) for size in sizes if size.isdigit()), default=0)


def _is_ours(scope: Scope) -> bool:
    try:
        return NAMESPACE in resolve(ASGIRequest(scope, io.BytesIO()).path_info).namespaces
    except Resolver404:
        return False
