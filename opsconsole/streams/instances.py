"""The instances of a process in memory: read together, moved one by one, written together, each step kept."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import connection

from opsconsole.engine.faults import MESSAGE_LIMIT, storable
from opsconsole.engine.outbox import Outbox
from opsconsole.kernel import clock
from opsconsole.kernel.arrays import array
from opsconsole.kernel.identifiers import uuid7
from opsconsole.kernel.tracing import Cause
from opsconsole.streams.later import Later
from opsconsole.streams.moves import IllegalMove
from opsconsole.streams.sql import statement

if TYPE_CHECKING:
    from opsconsole.streams.processes import ProcessManager

_STEP = ("process_id", "number", "source", "target", "state", "cause_kind", "cause_id", "cause_name", "refusal")


class MovedMeanwhile(Exception):
    """An instance was changed past its lock: nothing is stored."""


@dataclass(slots=True)
class Instance:
    """One instance: its state by now, and what the database does not know of it yet."""

    id: UUID
    state: "ProcessManager"
    version: int
    tenant: str
    is_new: bool = False
    is_moved: bool = False


@dataclass(slots=True)
class Instances:
    """Those of one type that a page of events is about."""

    type: "type[ProcessManager]"
    by_id: dict[UUID, Instance] = field(default_factory=dict)
    by_subject: dict[str, Instance] = field(default_factory=dict)  # the live ones
    steps: list[tuple[Any, ...]] = field(default_factory=list)
    outbox: Outbox = field(default_factory=lambda: Outbox(Cause()))

    def load(self, ids: Iterable[UUID], subjects: Iterable[str]) -> None:
        """Lock and read those with these identifiers, and the live ones about these subjects."""
        with connection.cursor() as cursor:
            cursor.execute(
                statement("lock_processes"),
                {"type": self.type.type_name, "ids": array(set(ids)), "subjects": array(set(subjects))},
            )
            for identifier, state, version, tenant in cursor.fetchall():
                self._add(Instance(identifier, self.type.model_validate_json(state), version, tenant))

    def begin(self, state: "ProcessManager", cause: Cause, name: str) -> None:
        """A new instance; refused while one about the same subject is live."""
        live = self.by_subject.get(str(state.subject()))
        if live is not None:
            self.refuse(live, cause, name, "one about the same subject is live already")
            return
        instance = Instance(uuid7(), state, 1, cause.tenant, is_new=True, is_moved=True)
        self._add(instance)
        self._keep_step(instance, "", cause, name)
        self._send_next(instance, cause)

    def move(
        self, instance: Instance, answer: "Callable[[Any], ProcessManager | None]", cause: Cause, name: str
    ) -> None:
        """Have the instance answer with its next state. A move that its state machine does not have is refused: the
        instance stays, and the reason is kept with the step."""
        if instance.is_moved:
            self.write()  # the database is to see every move
        source = instance.state
        try:
            target = answer(source)
        except IllegalMove as refusal:
            self.refuse(instance, cause, name, str(refusal))
            return
        if target is None or target == source:
            return
        if source.is_live:
            self.by_subject.pop(str(source.subject()), None)
        instance.state, instance.version, instance.is_moved = target, instance.version + 1, True
        self._add(instance)
        self._keep_step(instance, source.status, cause, name)
        if target.comes_anew(source):
            self._send_next(instance, cause)

    def refuse(self, instance: Instance, cause: Cause, name: str, why: str) -> None:
        """Keep what was asked of an instance in vain."""
        self._keep_step(instance, instance.state.status, cause, name, storable(why, MESSAGE_LIMIT))

    def write(self) -> None:
        """Store what has changed: instances, steps, and the commands that follow from them."""
        moved = [instance for instance in self.by_id.values() if instance.is_moved]
        with connection.cursor() as cursor:
            for name, is_new in (("insert_processes", True), ("move_processes", False)):
                rows = [instance for instance in moved if instance.is_new is is_new]
                if rows:
                    cursor.execute(statement(name), self._columns(rows))
                    if cursor.rowcount != len(rows):
                        raise MovedMeanwhile(f"{cursor.rowcount} of {len(rows)} instances could be moved")
            if self.steps:
                columns = dict(zip(_STEP, map(array, zip(*self.steps, strict=True)), strict=True))
                cursor.execute(statement("insert_steps"), {**columns, "now": clock.frozen()})
        self.outbox.write()
        self.steps.clear()
        for instance in moved:
            instance.is_new = instance.is_moved = False

    def _add(self, instance: Instance) -> None:
        self.by_id[instance.id] = instance
        if instance.state.is_live:
            self.by_subject[str(instance.state.subject())] = instance

    def _keep_step(self, instance: Instance, source: str, cause: Cause, name: str, refusal: str = "") -> None:
        state = instance.state
        whose = (cause.kind, cause.id or instance.id, name)
        self.steps.append(
            (instance.id, instance.version, source, state.status, state.model_dump_json(), *whose, refusal)
        )

    def _send_next(self, instance: Instance, cause: Cause) -> None:
        """Its commands belong to the flow that bears its name, and are caused by what moved it."""
        mine = Outbox(Cause(cause.kind, cause.id, instance.id, instance.tenant, cause.metadata))
        for asked in instance.state.next_commands():
            if isinstance(asked, Later):
                mine.plan_command(asked.command, not_before=asked.at)
            else:
                mine.plan_command(asked)
        self.outbox.join(mine)

    def _columns(self, rows: Sequence[Instance]) -> dict[str, Any]:
        states = [instance.state for instance in rows]
        deadlines = [self.type.deadlines.get(state.status) for state in states]
        return {
            "type": self.type.type_name,
            "id": array([instance.id for instance in rows]),
            "subject": array([str(state.subject()) for state in states]),
            "status": array([state.status for state in states]),
            "is_live": array([state.is_live for state in states]),
            "state": array([state.model_dump_json() for state in states]),
            "version": array([instance.version for instance in rows]),
            "tenant": array([instance.tenant for instance in rows]),
            "patience": array([deadline.after.total_seconds() if deadline else None for deadline in deadlines]),
            "now": clock.frozen(),
        }
