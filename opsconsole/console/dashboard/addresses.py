"""Where the overview's numbers lead: to the list of precisely what was counted."""

from datetime import UTC, datetime
from functools import cache
from urllib.parse import urlencode

from django.urls import get_script_prefix

from opsconsole.console.kinds import KINDS


def list_of(kind: str, *, ended: tuple[datetime | None, datetime | None] = (None, None), **conditions: str) -> str:
    """The list of `kind` under these conditions; `ended` is from when to when its rows came to their end."""
    since, until = ended
    query = {name: value for name, value in conditions.items() if value}
    if since:
        query["ended_from"] = moment(since)
    if until:
        query["ended_to"] = moment(until)
    return _lists(get_script_prefix())[kind] + (f"?{urlencode(query)}" if query else "")


@cache
def _lists(prefix: str) -> dict[str, str]:
    """Found once: the overview has hundreds of links, and finding an address takes longer than writing it."""
    return {kind.name: kind.list_url for kind in KINDS.values()}


def moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M}"
