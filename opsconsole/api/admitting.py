"""Who is let in: a bearer of a token, or whoever calls from this machine where that is allowed."""

import json
import math
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.contrib.auth import get_user_model
from django.db import connection
from django.http import HttpRequest
from ninja.security import HttpBearer

from opsconsole.api.callers import LOOPBACK, Caller
from opsconsole.api.configuration import configuration
from opsconsole.api.needing import Needs
from opsconsole.api.problems import Problem
from opsconsole.api.sql import statement
from opsconsole.api.tokens import digest_of
from opsconsole.kernel import clock

FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="opsconsole"'}


@dataclass(frozen=True, slots=True)
class Admitted:
    """A token, as far as a request needs it."""

    name: str
    scopes: frozenset[str]


class BearerToken(HttpBearer):
    """For ninja and the document: by the time it is asked, `admit` has let the caller in."""

    def __call__(self, request: HttpRequest) -> object:
        return getattr(request, "caller", None)

    def authenticate(self, request: HttpRequest, token: str) -> object:
        return None


def admit(request: HttpRequest, needed: Needs) -> Caller:
    """Whoever calls, if they have all that is needed; raises Problem: 401, 403, 429."""
    if needed.is_public:
        return Caller("anybody", "anybody")
    preset: Caller | None = getattr(request, "_ops_caller", None)  # set in this process only: the command line
    caller = preset or _known(request, needed)
    for permission in needed.permissions:
        caller.require(permission)
    return caller


def _known(request: HttpRequest, needed: Needs) -> Caller:
    header = request.headers.get("Authorization", "")
    if not header:
        if needed.open_on_loopback and configuration().open_on_loopback and is_from_here(request):
            return Caller(LOOPBACK, LOOPBACK, granted=frozenset(needed.permissions))
        raise Problem(401, "Send a token: Authorization: Bearer …", headers=CHALLENGE)
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Problem(401, "Only tokens are known here: Authorization: Bearer …", headers=CHALLENGE)
    return _bearer(secret.strip())


def _bearer(secret: str) -> Caller:
    with connection.cursor() as cursor:
        cursor.execute(statement("admit_token"), {"digest": digest_of(secret), "now": clock.frozen()})
        row = cursor.fetchone()
    if row is None:
        raise Problem(401, "This token is not known, has expired or was revoked.", headers=CHALLENGE)
    identifier, name, user_id, tenant, scopes, is_within_rate, wait = row
    if not is_within_rate:
        seconds = max(1, math.ceil(wait or 0))
        headers = {"Retry-After": str(seconds)}
        raise Problem(429, f"This token has spent its rate. Try again in {seconds} s.", headers=headers)
    user = get_user_model()._default_manager.filter(pk=user_id).first()
    if user is None or not user.is_active:
        raise Problem(401, "The user of this token may no longer sign in.", headers=CHALLENGE)
    listed = json.loads(scopes) if isinstance(scopes, str) else scopes
    token = Admitted(name, frozenset(listed))
    return Caller(f"{user.get_username()} ({name})"[:150], f"token:{identifier}", tenant, user, token)


def is_from_here(request: HttpRequest) -> bool:
    """Whether a program on this machine calls: not one beyond a proxy that says so, nor a page of another site in a
    browser."""
    if any(name in request.headers for name in FORWARDED):
        return False
    origin = request.headers.get("Origin")
    try:
        if origin is not None and urlsplit(origin).netloc != request.get_host():
            return False
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
