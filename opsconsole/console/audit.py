"""Actions are written to the admin's own log, in the transaction of what they change."""

from collections.abc import Sequence
from uuid import UUID

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest

from opsconsole.console.actions import Action
from opsconsole.console.kinds import KINDS
from opsconsole.console.words import counted
from opsconsole.engine.operations import Tally


def performed(
    request: HttpRequest,
    action: Action,
    ids: Sequence[UUID],
    *,
    reason: str = "",
    filter: str | None = None,
    actor: str = "",
    via: str = "",
) -> Tally:
    """Perform the action for the request's user and log it; `via` says by what means, if not by hand. `actor` stands
    with what it leaves behind, in place of the user's name."""
    with transaction.atomic():
        tally = action.perform(ids, actor=actor or request.user.get_username(), reason=reason)
        LogEntry.objects.create(
            user_id=request.user.pk,
            content_type=ContentType.objects.get_for_model(KINDS[action.kind].model),
            object_id=str(ids[0]) if len(ids) == 1 else None,
            object_repr=_subject(action, ids),
            action_flag=CHANGE,
            change_message=_message(action, tally, reason, filter) + (f"; via {via}" if via else ""),
        )
    return tally


def noted(request: HttpRequest, row: Model, message: str) -> None:
    """Write what the request's user did to a row of an app's own. To be called in the transaction that does it."""
    LogEntry.objects.create(
        user_id=request.user.pk,
        content_type=ContentType.objects.get_for_model(type(row)),
        object_id=str(row.pk),
        object_repr=f"{row._meta.verbose_name} {row}"[:200],
        action_flag=CHANGE,
        change_message=message,
    )


def _subject(action: Action, ids: Sequence[UUID]) -> str:
    kind = KINDS[action.kind]
    return f"{kind.name} {ids[0]}" if len(ids) == 1 else counted(len(ids), kind.name, kind.plural)


def _message(action: Action, tally: Tally, reason: str, filter: str | None) -> str:
    parts = [f"{action.label}: {tally.changed} {action.done}"]
    parts += [f"{count} skipped: {why}" for why, count in tally.skipped.items()]
    if filter is not None:
        parts.append(f"all matching “{filter or 'everything'}”")
    if reason:
        parts.append(f"reason: {reason}")
    return "; ".join(parts)
