"""The list of commands, and one command."""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from opsconsole.console import listing, origins, totals, waiting
from opsconsole.console.actions import offered
from opsconsole.console.flows import pictures
from opsconsole.console.kinds import KINDS
from opsconsole.console.pages import missing, respond
from opsconsole.console.views.filters import command_controls, read_commands
from opsconsole.engine.models import Batch, Claim, Command
from opsconsole.engine.queries import details
from opsconsole.engine.queries.lists import COMMANDS

if TYPE_CHECKING:
    from opsconsole.console.site import OpsAdminSite

KIND = KINDS["command"]


def show_list(request: HttpRequest, site: "OpsAdminSite") -> HttpResponse:
    return listing.show(request, site, LISTING)


def show(request: HttpRequest, site: "OpsAdminSite", pk: UUID) -> HttpResponse:
    """One command: how it went, why it exists, what it set off, what can be done."""
    command = details.find(Command, pk)
    if command is None:
        return missing(request, site, KIND, pk)
    claim, step = details.claim_of(command), details.step_of(command)
    context = {
        "title": command.type,
        "kind": KIND,
        "command": command,
        "origin": origins.origin_of(command, request),
        "batch": details.find(Batch, command.batch_id) if command.batch_id else None,
        "step": step,
        "notes": waiting.notes_on(command, claim, step),
        "policy": waiting.policy_of(command),
        "progress": _progress(command, claim),
        "claim": claim,
        "waited": _waited(command),
        "attempts": details.attempts_of(pk),
        "reprocessings": details.commands_caused_by("reprocess", pk),
        "subcommands": details.commands_caused_by("command", pk),
        "batches": details.batches_caused_by("command", pk),
        "workflows": details.workflows_caused_by("command", pk, command.correlation_id),
        "events": details.events_caused_by(pk),
        "pictures": pictures(command.correlation_id, "command", pk),
        "actions": offered(request, "command", command),
    }
    return respond(request, site, "command/detail", context)


def _progress(command: Command, claim: Claim | None) -> dict[str, Any] | None:
    """What the running handler has reported, if it is this command that runs."""
    reported = claim.progress if claim else None
    return reported if reported and reported.get("command") == str(command.pk) else None


def _dress(commands: Sequence[Any]) -> dict[str, Any]:
    for command in commands:
        command.waited = _waited(command)
    return {}


def _waited(command: Command) -> timedelta | None:
    """How long its last try waited for a worker, from when it was due."""
    if command.started_at is None:
        return None
    return max(command.started_at - max(command.created_at, command.not_before), timedelta(0))


LISTING = listing.Listing("command", COMMANDS, read_commands, command_controls, _dress, totals.of_commands)
