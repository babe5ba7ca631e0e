"""Why a row exists, in words and with the way back to its cause."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from opsconsole.console import extensions
from opsconsole.console.kinds import KINDS
from opsconsole.engine.queries.details import find

_WORDS = {
    "event": "Enqueued by event",
    "command": "Sent by command",
    "batch": "Follows batch",
    "reprocess": "Reprocessing of",
    "workflow": "Step of workflow",
}
_OUTSIDE = {"user": "A user", "api": "The API", "schedule": "A schedule", "": "Code outside any flow"}
_RELEASES = {"success": "when it succeeded", "failure": "when it failed", "completion": "when it ended"}


@dataclass(frozen=True, slots=True)
class Origin:
    """`kind` and `id` lead to the cause when it is a row of ours; `is_gone` when retention has dropped it. `url` leads
    to one that an app knows."""

    words: str
    kind: str = ""
    id: UUID | None = None
    name: str = ""
    status: str = ""
    detail: str = ""
    is_gone: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """The entity that raised an event; `url` is empty when this user cannot be led to it."""

    label: str
    url: str = ""


def origin_of(row: Any, request: HttpRequest) -> Origin:
    """The cause of an event, command, batch or workflow, as far as this user may know it."""
    kind = "command" if row.cause_kind == "reprocess" else row.cause_kind
    if kind not in KINDS and row.cause_id and (outside := extensions.outside_cause(kind, row.cause_id, request)):
        return Origin(outside.words, name=outside.name, url=outside.url, detail=outside.detail)
    if kind not in KINDS or row.cause_id is None:
        actor = row.metadata.get("actor", "")
        return Origin(_OUTSIDE.get(row.cause_kind, row.cause_kind), name=str(actor))
    words = "Raised by command" if row._meta.model_name == "event" else _words(row)
    cause = find(KINDS[kind].model, row.cause_id)
    if cause is None:
        return Origin(words, kind, row.cause_id, is_gone=True)
    detail = _RELEASES.get(getattr(row, "release_on", None) or "", "")
    return Origin(words, kind, row.cause_id, getattr(cause, "type", None) or cause.name, cause.status, detail)


def source_of(event: Any, request: HttpRequest) -> Source | None:
    """The entity that raised the event, as a link into the admin when this user may see it."""
    if not event.source_model:
        return None
    label = f"{event.source_model} {event.source_id}"
    try:
        model = apps.get_model(event.source_model)
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[event.source_id])
    except (LookupError, ValueError, NoReverseMatch):
        return Source(label)
    label = f"{model._meta.verbose_name} {event.source_id}"
    permissions = [f"{model._meta.app_label}.{verb}_{model._meta.model_name}" for verb in ("view", "change")]
    return Source(label, url if any(request.user.has_perm(permission) for permission in permissions) else "")


def _words(row: Any) -> str:
    if row._meta.model_name in ("batch", "workflow"):
        return {"event": "Made by event", "command": "Made by command"}.get(row.cause_kind, _WORDS[row.cause_kind])
    return _WORDS[row.cause_kind]
