"""The way of every request: identified, admitted, read, executed once, answered, logged."""

import logging
import time
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, cast

from django.contrib.auth.models import AnonymousUser
from django.db import connections, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja.operation import Operation

from opsconsole.api import bodies, etags, mishaps, once, parameters
from opsconsole.api.admitting import admit
from opsconsole.api.beforehand import look_of
from opsconsole.api.needing import needs_of
from opsconsole.api.problems import CONTENT_TYPE, Problem, respond
from opsconsole.api.requests import ApiRequest, logged_path, request_id_of
from opsconsole.kernel.tracing import acting_for

logger = logging.getLogger("opsconsole.api")

View = Callable[..., HttpResponseBase]


def entered(view: View) -> View:
    """Around each view: whatever becomes of the request, it is answered with a problem at worst, and logged."""

    @wraps(view)
    def enter(given: HttpRequest, **parts: Any) -> HttpResponseBase:
        request = cast(ApiRequest, given)
        request.request_id = request_id_of(request)
        began, method = time.perf_counter(), request.method
        if method == "HEAD":
            request.method = "GET"  # operations know no other
        try:
            response = view(request, **parts)
        except Exception as error:
            response = mishaps.answer_to(request, error)
        request.method = method
        if response.status_code == 405 and response.headers.get("Content-Type") != CONTENT_TYPE:
            response = _not_allowed(request, response)
        if method == "HEAD" and isinstance(response, HttpResponse):
            _leave_the_body_out(response)
        response.headers["X-Request-ID"] = request.request_id
        _log(request, response, time.perf_counter() - began)
        return response

    enter.csrf_exempt = True  # type: ignore[attr-defined]  # nothing here looks at cookies
    for alias in connections:  # around it all, it would lock the token's row, and keep the connection of who waits
        transaction.non_atomic_requests(using=alias)(enter)
    return enter


def guarded(run: View) -> View:
    """Around each operation: nothing of it happens before the caller is known and what was sent is sound."""
    operation = cast(Operation, run.__self__)  # type: ignore[attr-defined]
    needed, look = needs_of(operation), look_of(operation)

    def execute(given: HttpRequest, **parts: Any) -> HttpResponseBase:
        request = cast(ApiRequest, given)
        request.caller = admit(request, needed)
        request.user = request.caller.user or AnonymousUser()  # type: ignore[assignment]
        parameters.check(request, operation, parts)
        bodies.read(request, operation)
        with acting_for(request.caller.cause(request.request_id)):
            if request.method == "POST":
                return once.answer(request, partial(run, request, **parts), look=look)
            response = run(request, **parts)
        return response if needed.is_public else etags.tagged(request, response)

    return execute


def nowhere(request: HttpRequest, **parts: Any) -> HttpResponseBase:
    """For addresses below ours that lead to nothing."""
    raise Problem(404, "There is nothing at this address.")


def _not_allowed(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    offered = set(response.headers.get("Allow", "").split(", "))
    allowed = ", ".join(sorted(offered | ({"HEAD"} if "GET" in offered else set())))
    detail = f"{request.method} is not offered here; {allowed} is."
    return respond(request, Problem(405, detail, headers={"Allow": allowed}))


def _leave_the_body_out(response: HttpResponse) -> None:
    if response.content:
        response.headers["Content-Length"] = str(len(response.content))
        response.content = b""


def _log(request: ApiRequest, response: HttpResponseBase, seconds: float) -> None:
    caller = getattr(request, "caller", None)
    logger.info(
        "%s %s %s in %.0f ms, by %s, request %s",
        request.method, logged_path(request), response.status_code, 1000 * seconds,
        caller.actor if caller else "nobody", request.request_id,
        extra={"action": "api.request", "request_id": request.request_id},
    )  # fmt: skip
