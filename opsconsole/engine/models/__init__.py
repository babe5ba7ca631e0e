"""What the engine remembers."""

from opsconsole.engine.models.attempt import Attempt
from opsconsole.engine.models.batch import Batch
from opsconsole.engine.models.budget import Budget
from opsconsole.engine.models.claim import Claim
from opsconsole.engine.models.command import Command
from opsconsole.engine.models.event import Event
from opsconsole.engine.models.pause import Pause
from opsconsole.engine.models.rollup import Rollup, RollupMark
from opsconsole.engine.models.runner import Leadership, Runner
from opsconsole.engine.models.stream import Sequencer, Stream
from opsconsole.engine.models.uniquekey import UniqueKey
from opsconsole.engine.models.workflow import Step, Workflow

__all__ = [
    "Attempt",
    "Batch",
    "Budget",
    "Claim",
    "Command",
    "Event",
    "Leadership",
    "Pause",
    "Rollup",
    "RollupMark",
    "Runner",
    "Sequencer",
    "Step",
    "Stream",
    "UniqueKey",
    "Workflow",
]
