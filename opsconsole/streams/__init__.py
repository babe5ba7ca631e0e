"""Event sourcing on the engine's log."""

from opsconsole.engine import StreamConflict
from opsconsole.streams.aggregates import Aggregate, Loaded, NotApplied, applies
from opsconsole.streams.later import Later
from opsconsole.streams.moves import IllegalMove
from opsconsole.streams.moving import NoSuchProcess, move_process
from opsconsole.streams.processes import ByHand, ProcessManager, begins_with, if_still, moves_on
from opsconsole.streams.projectors import Projector, RowProjector, projects
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
    versions_of,
)
from opsconsole.streams.subscribing import Following, subscribes

__all__ = [
    "ANY",
    "Aggregate",
    "BadStreamName",
    "ByHand",
    "Following",
    "IllegalMove",
    "Later",
    "Loaded",
    "MissingEvents",
    "NEW",
    "NoSuchProcess",
    "NotApplied",
    "ProcessManager",
    "Projector",
    "Recorded",
    "RowProjector",
    "StreamConflict",
    "append",
    "applies",
    "begins_with",
    "category_of",
    "decide",
    "head",
    "if_still",
    "load",
    "move_process",
    "moves_on",
    "projects",
    "read",
    "read_backward",
    "read_log",
    "read_many",
    "subscribes",
    "take_snapshot",
    "version_at",
    "version_of",
    "versions_of",
]
