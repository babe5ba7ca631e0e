"""Who may call: nobody but this machine, and only while the project runs as a demonstration."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from opsconsole.examples.academics.api.problems import Problem

View = Callable[[HttpRequest], JsonResponse]


def endpoint(view: View) -> Callable[[HttpRequest], HttpResponseBase]:
    """A POST endpoint that answers problems as problem details.

    It asks for no login and no CSRF token, which is why it serves this machine only: a page of another
    site can't send JSON here without asking first (CORS), and gets no leave.
    """

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponseBase:
        try:
            _check_open(request)
            if request.method != "POST":
                raise Problem(HTTPStatus.METHOD_NOT_ALLOWED, f"{request.method} is not offered here, POST is")
            return view(request)
        except Problem as problem:
            response = problem.response()
            if problem.status is HTTPStatus.METHOD_NOT_ALLOWED:
                response["Allow"] = "POST"
            return response

    return guarded


def _check_open(request: HttpRequest) -> None:
    if not getattr(settings, "DEMO", False):
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "this endpoint asks for no login and is open in the demonstration only (OPSCONSOLE_DEMO=1)",
        )
    if not _is_loopback(request.META.get("REMOTE_ADDR", "")):
        raise Problem(
            HTTPStatus.FORBIDDEN,
            "this endpoint asks for no login and answers to this machine (loopback) only",
        )


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
