"""Event sourcing on the engine's log."""

from opsconsole.engine import StreamConflict
from opsconsole.streams.aggregates import Aggregate, Loaded, NotApplied, applies
from opsconsole.streams.recorded import Recorded
from opsconsole.streams.repository import MissingEvents, decide, load, take_snapshot
from opsconsole.streams.store import (
    ANY,
    NEW,
    BadStreamName,
    append,
    category_of,
    head,
    read,
    read_backward,
    read_log,
    read_many,
    version_at,
    version_of,
)

__all__ = [
    "ANY",
    "NEW",
    "Aggregate",
    "BadStreamName",
    "Loaded",
    "MissingEvents",
    "NotApplied",
    "Recorded",
    "StreamConflict",
    "append",
    "applies",
    "category_of",
    "decide",
    "head",
    "load",
    "read",
    "read_backward",
    "read_log",
    "read_many",
    "take_snapshot",
    "version_at",
    "version_of",
]
