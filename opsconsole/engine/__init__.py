"""Work that must happen, and its history. These names are the contract for everyone who builds on it."""

from opsconsole.engine.intake import NotInTransaction, emit, send, send_batch
from opsconsole.engine.messages import Command, Event, Limit
from opsconsole.engine.outbox import Sent, StreamConflict
from opsconsole.engine.outcomes import Cancel, Discard, RetryAt, Snooze
from opsconsole.engine.registry import handles, reacts_to
from opsconsole.engine.retries import Delays, Exponential, Fixed, Linear, NoRetry
from opsconsole.engine.work import Reacting, Work
from opsconsole.engine.workflows import Workflow

__all__ = [
    "Cancel",
    "Command",
    "Delays",
    "Discard",
    "Event",
    "Exponential",
    "Fixed",
    "Limit",
    "Linear",
    "NoRetry",
    "NotInTransaction",
    "Reacting",
    "RetryAt",
    "Sent",
    "Snooze",
    "StreamConflict",
    "Work",
    "Workflow",
    "emit",
    "handles",
    "reacts_to",
    "send",
    "send_batch",
]
