"""The payload of an event or command as a file: pages show only the beginning of long ones."""

from typing import TYPE_CHECKING
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from opsconsole.console.json_tree import text_of
from opsconsole.console.kinds import KINDS
from opsconsole.console.pages import missing
from opsconsole.engine.models import Event
from opsconsole.engine.queries import details

if TYPE_CHECKING:
    from opsconsole.console.site import OpsAdminSite


def download(request: HttpRequest, site: "OpsAdminSite", kind_name: str, pk: UUID) -> HttpResponse:
    kind = KINDS[kind_name]
    row = details.find(kind.model, pk)
    if row is None:
        return missing(request, site, kind, pk)
    data = row.data if isinstance(row, Event) else row.payload
    name = f"{kind.name}-{pk}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text_of(data), content_type="application/json", headers=headers)
