"""Which types of jobs there are, and which commands they are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from opsconsole.engine import Command
from opsconsole.kernel.registry import Registry

C = TypeVar("C", bound=type[Command])


@dataclass(frozen=True, slots=True)
class JobType:
    """`name` and `payload_type` are what callers write."""

    name: str
    payload_type: str
    command: type[Command]

    @property
    def command_name(self) -> str:
        return self.command.__contract__.name


JOB_TYPES: Registry[JobType] = Registry("job type")
_BY_COMMAND: dict[str, JobType] = {}


def job(name: str, *, payload_type: str = "") -> Callable[[C], C]:
    """Offer a type of command as a type of job; raises DuplicateName, and ValueError for an internal one."""

    def register(command: C) -> C:
        if command.__contract__.internal:
            raise ValueError(f"{command.__name__} is internal: nobody outside sends it, as a job neither")
        known = JOB_TYPES.add(name, JobType(name, payload_type, command))
        _BY_COMMAND[known.command_name] = known
        return command

    return register


def of_command(type_name: str) -> JobType | None:
    """The type of job that commands of this type are."""
    return _BY_COMMAND.get(type_name)
