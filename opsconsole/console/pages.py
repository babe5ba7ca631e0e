"""How the console's pages answer: whole, inside the admin's frame, or only the part that refreshes itself."""

import hashlib
import re
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse

from opsconsole.console.kinds import Kind
from opsconsole.kernel import clock

if TYPE_CHECKING:
    from opsconsole.console.site import OpsAdminSite

VERSION = "X-Ops-Version"  # of a live part: sent back by the page, so that nothing is sent when nothing changed
REASON_LENGTH = 500  # characters
_CLOCKS = re.compile(r"(<time\b[^>]*>)[^<]*")


def respond(
    request: HttpRequest, site: "OpsAdminSite", template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Answer with `template`, or with its live part alone when the page asks for that.

    The live part of "x.html" is "x_live.html"; a refusal has none.
    """
    request.current_app = site.name  # type: ignore[attr-defined]
    live = f"ops_console/{template}_live.html"
    context = {**site.each_context(request), "live_template": live, "now": clock.now(), **context}
    if request.headers.get("HX-Target") != "live" or status != 200:
        return TemplateResponse(request, f"ops_console/{template}.html", context, status=status)
    part = render_to_string(live, context, request)
    version = version_of(part)
    if request.headers.get(VERSION) == version:
        return HttpResponse(status=204, headers={VERSION: version})
    return HttpResponse(part, headers={VERSION: version})


def version_of(part: str) -> str:
    """The same for parts that differ in nothing but how long ago things were."""
    return hashlib.sha256(_CLOCKS.sub(r"\1", part).encode()).hexdigest()[:16]


def said(request: HttpRequest, name: str) -> str:
    """A field of a posted form, without what the database cannot keep."""
    return request.POST.get(name, "").strip().replace("\0", "")


def reason_of(request: HttpRequest) -> str:
    """Why an operator does something, in his words."""
    return said(request, "reason")[:REASON_LENGTH]


def refused(request: HttpRequest, site: "OpsAdminSite", permission: str) -> HttpResponse:
    """Tell which permission is missing."""
    return respond(request, site, "refused", {"title": "Not permitted", "permission": permission}, status=403)


def missing(request: HttpRequest, site: "OpsAdminSite", kind: Kind, identifier: UUID) -> HttpResponse:
    """Tell that there is no such row, and why that may be."""
    context = {"title": f"No such {kind.name}", "kind": kind, "identifier": identifier}
    return respond(request, site, "missing", context, status=404)
