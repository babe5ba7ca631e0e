"""Commands for another time."""

from dataclasses import dataclass
from datetime import datetime

from opsconsole.engine import Command


@dataclass(frozen=True, slots=True)
class Later:
    """A command that is not to run before `at`: `ProcessManager.next_commands()` may yield it in place of the command.

    Raises ValueError for a moment without a time zone.
    """

    command: Command
    at: datetime

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError(f"Later needs a time zone: {self.at} may mean any of several moments")
