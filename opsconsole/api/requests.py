"""A request as operations see it."""

import re
from typing import Any

from django.http import HttpRequest

from opsconsole.api.callers import Caller
from opsconsole.kernel.identifiers import uuid7

_SANE = re.compile(r"[A-Za-z0-9._:+/=@-]{1,100}")


class ApiRequest(HttpRequest):
    """What the kit has added by the time an operation is called."""

    request_id: str
    caller: Caller
    json_body: Any


def logged_path(request: HttpRequest) -> str:
    """Its path as one line of a log, whatever is in it."""
    return request.path.encode("unicode_escape").decode()


def request_id_of(request: HttpRequest) -> str:
    """The one that the caller sent, if it can be put into a log, else a new one."""
    given = request.headers.get("X-Request-ID", "")
    return given if _SANE.fullmatch(given) else uuid7().hex
