"""What operators may ask of a process: commands that its type names, sent in its own flow."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST
from pydantic import ValidationError

from opsconsole.console import audit
from opsconsole.console.kinds import KINDS
from opsconsole.console.pages import reason_of, refused
from opsconsole.console.streams.addresses import process_url
from opsconsole.console.words import tail
from opsconsole.engine import Sent, send
from opsconsole.kernel.tracing import Cause, acting_for, current
from opsconsole.streams.models import Process
from opsconsole.streams.moves import PROCESSES
from opsconsole.streams.processes import ByHand

if TYPE_CHECKING:
    from opsconsole.console.site import OpsAdminSite

PERMISSION = "ops_streams.move_process"


@dataclass(frozen=True, slots=True)
class Offer:
    """A command as a button: with the reason when it cannot be pressed."""

    by_hand: ByHand
    obstacle: str = ""

    @property
    def name(self) -> str:
        return self.by_hand.command.__contract__.name


def offers(request: HttpRequest, process: Process) -> list[Offer]:
    is_permitted = request.user.has_perm(PERMISSION)
    needed = "" if is_permitted else f"Needs the permission {PERMISSION}."
    return [Offer(one, needed or obstacle(one, process)) for one in declared(process)]


@require_POST
def act(request: HttpRequest, site: "OpsAdminSite") -> HttpResponse:
    """Send the command of the pressed button, and tell truly what came of it."""
    if not request.user.has_perm(PERMISSION):
        return refused(request, site, PERMISSION)
    process = _process(request.POST.get("id", ""))
    if process is None:
        messages.error(request, "There is no such process.")
        return HttpResponseRedirect(reverse("admin:ops_processes"))
    wanted = next(
        (one for one in declared(process) if one.command.__contract__.name == request.POST.get("action")), None
    )
    if wanted is None:
        messages.error(request, "There is no such action.")
    elif why := obstacle(wanted, process):
        messages.warning(request, f"Nothing was sent. {why}")
    else:
        _perform(request, wanted, process)
    return HttpResponseRedirect(process_url(process.pk))


def declared(process: Process) -> Iterator[ByHand]:
    """The commands that its type names."""
    known = PROCESSES.find(process.type)
    yield from known.by_hand if known else ()


def obstacle(wanted: ByHand, process: Process) -> str:
    """Why it cannot be sent just now, or nothing."""
    if process.status in wanted.statuses:
        return ""
    return f"It is {process.status}; this is for one that is {' or '.join(wanted.statuses)}."


def _perform(request: HttpRequest, wanted: ByHand, process: Process) -> None:
    reason = reason_of(request)
    try:
        sent = send_to(request, wanted, process, reason)
    except ValidationError as error:
        messages.error(request, f"Nothing was sent: {error.errors(include_url=False)[0]['msg']}.")
        return
    link = format_html('<a href="{}">{}</a>', KINDS["command"].url(sent.id), tail(sent.id))
    if sent.is_new:
        messages.success(request, format_html("{}: command sent, {}. It moves when that has run.", wanted.label, link))
    else:
        messages.warning(request, format_html("Nothing was sent: {} is on its way already, {}.", wanted.label, link))


def send_to(
    request: HttpRequest, wanted: ByHand, process: Process, reason: str, *, actor: str = "", via: str = ""
) -> Sent:
    """In the flow of the instance, so that it is seen on its timeline; once, however often the button is pressed.

    `actor` and `via` are as in `audit.performed`.
    """
    given = {"actor": actor or request.user.get_username(), **({"reason": reason} if reason else {})}
    metadata = {**current().metadata, **given}
    cause = Cause("user", None, process.pk, process.tenant, metadata)
    command = wanted.command.model_validate({"process_id": process.pk})
    with transaction.atomic(), acting_for(cause):
        sent = send(command, unique=f"by_hand:{process.pk}")
        if sent.is_new:
            told = f"{wanted.label}: sent {wanted.command.__contract__.name} {sent.id}"
            more = (f"; reason: {reason}" if reason else "") + (f"; via {via}" if via else "")
            audit.noted(request, process, told + more)
    return sent


def _process(text: str) -> Process | None:
    try:
        return Process.objects.filter(pk=UUID(text)).first()
    except ValueError:
        return None
