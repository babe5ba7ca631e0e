"""Everything that shares one correlation id."""

from typing import TYPE_CHECKING
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from opsconsole.console.flows import pictures
from opsconsole.console.pages import respond

if TYPE_CHECKING:
    from opsconsole.console.site import OpsAdminSite


def show(request: HttpRequest, site: "OpsAdminSite", pk: UUID) -> HttpResponse:
    context = {"title": "Flow", "correlation_id": pk, "pictures": pictures(pk)}
    return respond(request, site, "flow/detail", context)
