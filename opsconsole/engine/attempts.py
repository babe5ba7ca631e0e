"""Tries that did not succeed, written once and for all."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from opsconsole.engine.sql import statement
from opsconsole.kernel.encoding import dumps
from opsconsole.kernel.identifiers import uuid7


@dataclass(slots=True, kw_only=True)
class Try:
    """A row of Attempt to be; `outcome` is one of `models.attempt.OUTCOMES`."""

    subject_kind: str
    subject_id: UUID
    type: str
    tenant: str
    number: int
    outcome: str
    is_final: bool
    worker: str
    started_at: datetime | None
    ended_at: datetime
    retry_at: datetime | None = None
    error_class: str = ""
    message: str = ""
    traceback: str = ""
    fingerprint: str = ""
    log: list[dict[str, Any]] = field(default_factory=list)

    def insert(self, cursor: Any) -> None:
        """Store it in the current transaction."""
        columns = asdict(self)
        columns["log"] = dumps(self.log) if self.log else None
        cursor.execute(statement("insert_attempt"), {"id": uuid7(), **columns})
