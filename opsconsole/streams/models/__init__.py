"""Everything that streams store; the events themselves are the engine's."""

from opsconsole.streams.models.parked import ParkedEvent, SkippedEvent
from opsconsole.streams.models.process import Move, Process, ProcessStep
from opsconsole.streams.models.snapshot import Snapshot
from opsconsole.streams.models.subscription import Subscription

__all__ = ["Move", "ParkedEvent", "Process", "ProcessStep", "SkippedEvent", "Snapshot", "Subscription"]
