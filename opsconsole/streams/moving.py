"""What moves the instances of a process: pages of events, commands, and deadlines that have passed."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from django.db import DatabaseError, connection, transaction

from opsconsole.engine.faults import Fault
from opsconsole.engine.intake import NotInTransaction
from opsconsole.kernel.tracing import Cause, current
from opsconsole.streams.instances import Instance, Instances
from opsconsole.streams.recorded import Recorded
from opsconsole.streams.subscribing import cause_of

if TYPE_CHECKING:
    from opsconsole.streams.processes import ProcessManager

P = TypeVar("P", bound="ProcessManager")
Answer = Callable[[Any], "ProcessManager | None"]

logger = logging.getLogger(__name__)


class NoSuchProcess(LookupError):
    """No instance of that type has this identifier."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """An event, and what it may mean to a process: a new instance, or an answer of the one it is about."""

    recorded: Recorded
    begun: "ProcessManager | None"
    answer: Answer | None
    subject: str | None

    @classmethod
    def at(cls, type_: "type[ProcessManager]", recorded: Recorded) -> "Arrived":
        event = recorded.event()
        begun = answer = subject = None
        if name := type_.beginnings.get(recorded.type):
            begun = getattr(type_, name)(event)
        if found := type_.answers.get(recorded.type):
            name, subject_of = found
            answer = partial(_answer, name, event)
            subject = str(subject_of(event)) if subject_of else None
        return cls(recorded, begun, answer, str(begun.subject()) if begun else subject)

    def find(self, instances: Instances) -> Instance | None:
        """The instance that it is about."""
        if self.subject is not None:
            return instances.by_subject.get(self.subject)
        return instances.by_id.get(self.recorded.correlation_id)


def apply(type_: "type[ProcessManager]", page: Sequence[Recorded]) -> None:
    """Move the instances of a process by a page of events."""
    instances = Instances(type_)
    arrived = [Arrived.at(type_, recorded) for recorded in page]
    subjects = [one.subject for one in arrived if one.subject is not None]
    instances.load([recorded.correlation_id for recorded in page], subjects)
    for one in arrived:
        cause = cause_of(one.recorded)
        if one.begun is not None:
            instances.begin(one.begun, cause, one.recorded.type)
        elif one.answer is not None and (found := one.find(instances)) is not None:
            instances.move(found, one.answer, cause, one.recorded.type)
    instances.write()


def move_process(type_: type[P], process_id: UUID, decision: Callable[[P], P | None], *, name: str) -> P:
    """Move one instance by something else than an event, as the handler of a command does; in its transaction.

    Returns the state afterwards. Raises NoSuchProcess, IllegalMove when the state machine has no such move, and
    NotInTransaction.
    """
    if not connection.in_atomic_block:
        raise NotInTransaction("move_process() needs transaction.atomic(): state and next command commit together")
    instances = Instances(type_)
    found = _load(instances, process_id)
    target = decision(found.state)  # type: ignore[arg-type]
    instances.move(found, lambda state: target, current(), name)
    instances.write()
    return found.state  # type: ignore[return-value]


def pass_deadline(type_: "type[ProcessManager]", process_id: UUID) -> None:
    """Call the method for an instance that has waited long enough, in the caller's transaction.

    An error that it raises is kept among the steps of the instance, which stays where it is. Raises what keeps the
    instance from being read, and what the database refuses.
    """
    instances = Instances(type_)
    instance = _load(instances, process_id)
    deadline = type_.deadlines.get(instance.state.status)
    if deadline is None:
        return
    cause = Cause("process", instance.id, instance.id, instance.tenant)
    try:
        with transaction.atomic():
            instances.move(instance, getattr(type_, deadline.method), cause, deadline.method)
            instances.write()
    except DatabaseError:
        raise
    except Exception as error:
        logger.exception("deadline of process %s failed", process_id, extra={"action": "process.deadline_failed"})
        afresh = Instances(type_)
        why = f"{type(error).__qualname__}: {Fault.of(error).message}"
        afresh.refuse(_load(afresh, process_id), cause, deadline.method, why)
        afresh.write()


def _load(instances: Instances, process_id: UUID) -> Instance:
    instances.load([process_id], [])
    try:
        return instances.by_id[process_id]
    except KeyError:
        raise NoSuchProcess(f"no {instances.type.type_name} has the id {process_id}") from None


def _answer(name: str, event: Any, state: "ProcessManager") -> "ProcessManager | None":
    target: ProcessManager | None = getattr(state, name)(event)
    return target
