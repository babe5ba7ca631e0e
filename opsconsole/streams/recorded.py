"""An event as the log keeps it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opsconsole.engine import Event
from opsconsole.engine.messages import EVENTS


@dataclass(frozen=True, slots=True)
class Recorded:
    """A stored event, its payload still undecoded: `data` and `metadata` are JSON text.

    `position` is None until the log has given one; `stream` and `version` are None for an event without a stream.
    """

    id: UUID
    position: int | None
    stream: str | None
    version: int | None
    type: str
    schema_version: int
    data: str
    tenant: str
    correlation_id: UUID
    cause_kind: str
    cause_id: UUID | None
    metadata: str
    occurred_at: datetime

    def event(self) -> Event:
        """The event itself, in the version of today.

        Raises UnknownName for a type that no code here knows, NewerVersion for a payload of a later release, and
        pydantic's ValidationError for one that does not fit; a note on the error says which event it was.
        """
        try:
            message = EVENTS.get(self.type)
            return message.decode(self.data, self.schema_version, message.__contract__.version)
        except Exception as error:
            error.add_note(f"while reading {self}")
            raise

    def __str__(self) -> str:
        if self.stream is None:
            return f"{self.type} {self.id}"
        return f"{self.type} {self.id}, version {self.version} of stream {self.stream!r}"
