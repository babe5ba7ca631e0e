"""Who and what the current code acts for: carried along so that every row knows its cause."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something is being written: what caused it, and to which flow it belongs.

    `kind` is one of the words in `opsconsole.engine.states.CAUSES`; `id` names the row of that kind.
    """

    kind: str = ""
    id: UUID | None = None
    correlation_id: UUID | None = None
    tenant: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)


NOBODY = Cause()
_current: ContextVar[Cause] = ContextVar("opsconsole_cause", default=NOBODY)


def current() -> Cause:
    return _current.get()


@contextmanager
def acting_for(cause: Cause) -> Iterator[Cause]:
    """Everything emitted or sent inside the block is caused by `cause`."""
    token = _current.set(cause)
    try:
        yield cause
    finally:
        _current.reset(token)
