"""What apps built on the engine add to its processes: duties of the dispatcher, channels of wake-ups, steps of tests.

They call in from their `AppConfig.ready()`; the engine never imports them.
"""

from collections.abc import Callable
from dataclasses import dataclass

from opsconsole.engine.sequencing import Sequenced
from opsconsole.kernel.registry import Registry


@dataclass(frozen=True, slots=True)
class RegularDuty:
    """Something that the leading dispatcher does every `interval` seconds."""

    interval: float
    perform: Callable[[], object]


DUTIES: Registry[RegularDuty] = Registry("duty")
CHANNELS: Registry[str] = Registry("channel")
LISTENERS: list[Callable[[Sequenced], object]] = []
STEPS: list[Callable[[], int]] = []


def perform_regularly(name: str, interval: float, perform: Callable[[], object]) -> None:
    """Have the leading dispatcher call `perform` every `interval` seconds; its failure keeps nothing else from being
    done."""
    DUTIES.add(name, RegularDuty(interval, perform))


def carry(channel: str, task: str) -> None:
    """Have hints about `channel` carried to the Celery task `task`; every worker listens unless told otherwise.

    Raises ValueError when the name could be that of a queue.
    """
    if not channel.startswith("@"):
        raise ValueError(f"the name of a channel begins with @, and {channel!r} does not")
    CHANNELS.add(channel, task)


def after_sequencing(told: Callable[[Sequenced], object]) -> None:
    """Have the dispatcher call `told` each time it has given events their positions."""
    if told not in LISTENERS:
        LISTENERS.append(told)


def tell(sequenced: Sequenced) -> None:
    """Call everybody who asked to be told."""
    for told in LISTENERS:
        told(sequenced)


def run_in_tests(step: Callable[[], int]) -> None:
    """Have `engine.testing.run_until_idle()` call `step` each round; it returns how much it did."""
    if step not in STEPS:
        STEPS.append(step)
