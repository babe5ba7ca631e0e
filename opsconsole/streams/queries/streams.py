"""Streams by name, and the events of one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from opsconsole.engine.models import Event
from opsconsole.streams.sql import statement

STREAMS = 50  # on a page
EVENTS = 30  # on a page
RECENT = 2_000  # events at the end of the log that are looked through for streams

SHOWN = Event.objects.only("id", "type", "status", "position", "stream", "version", "created_at", "tenant")


@dataclass(frozen=True, slots=True)
class ShownStream:
    """A stream and its last event; that is None when it is gone with its partition."""

    name: str
    version: int
    event_id: UUID | None
    event_type: str | None
    occurred_at: datetime | None


def find_streams(prefix: str, after: str = "") -> tuple[list[ShownStream], str | None]:
    """Streams whose names begin so, by name (byte by byte), and where the next page goes on."""
    escaped = prefix.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    found = _streams("find_streams", {"pattern": f"{escaped}%", "after": after, "most": STREAMS + 1})
    return found[:STREAMS], found[STREAMS - 1].name if len(found) > STREAMS else None


def recent_streams() -> list[ShownStream]:
    """Those that the last events of the log were appended to, the latest first."""
    return _streams("recent_streams", {"looked_at": RECENT, "most": STREAMS})


def version_of(name: str) -> int | None:
    """The version of its last event; None when there is no such stream."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT version FROM ops_engine_stream WHERE id = %s", [name])
        row = cursor.fetchone()
    return int(row[0]) if row else None


def events_of(name: str, before: int | None = None) -> tuple[Sequence[Event], int | None]:
    """A page of its events, the latest first, and the version before which the next page goes on."""
    events = SHOWN.filter(stream=name).order_by("-version")
    found = list((events.filter(version__lt=before) if before is not None else events)[: EVENTS + 1])
    return found[:EVENTS], found[EVENTS - 1].version if len(found) > EVENTS else None


def _streams(name: str, parameters: dict[str, Any]) -> list[ShownStream]:
    with connection.cursor() as cursor:
        cursor.execute(statement(name), parameters)
        return [ShownStream(*row) for row in cursor.fetchall()]
