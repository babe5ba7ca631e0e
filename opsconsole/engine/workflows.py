"""Workflows: a declared chain or graph of steps, stored whole, each released when those before it succeeded.

flow = Workflow("academics.onboarding")
basic = flow.step("basic", SeedBasicData(...))
flow.step("welcome", [SendWelcome(...), ...], after=[basic])
flow.start()
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from opsconsole.engine import rows, waking
from opsconsole.engine.batches import NewBatch
from opsconsole.engine.messages import Command
from opsconsole.engine.outbox import Outbox
from opsconsole.engine.patience import bound
from opsconsole.engine.sql import statement
from opsconsole.engine.states import AWAITING
from opsconsole.kernel import clock
from opsconsole.kernel.encoding import dumps
from opsconsole.kernel.identifiers import uuid7
from opsconsole.kernel.tracing import Cause, current

logger = logging.getLogger(__name__)


class BrokenWorkflow(ValueError):
    """A workflow that cannot be stored: no steps, a name twice, or a step after one that it does not have."""


@dataclass(frozen=True, slots=True)
class StepPlan:
    """A declared step."""

    name: str
    work: Command | Sequence[Command]
    after: tuple[str, ...]


class Workflow:
    """A declaration; `start()` stores it and releases the steps that wait for nothing."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.steps: dict[str, StepPlan] = {}

    def step(self, name: str, work: Command | Iterable[Command], after: Iterable[str] = ()) -> str:
        """Add a step, one command or many (a batch); returns its name. Raises BrokenWorkflow."""
        waits_for = (after,) if isinstance(after, str) else tuple(after)
        if name in self.steps:
            raise BrokenWorkflow(f"workflow {self.name!r} already has a step {name!r}")
        if missing := [other for other in waits_for if other not in self.steps]:
            raise BrokenWorkflow(f"step {name!r} of {self.name!r} comes after {missing}, which it does not have (yet)")
        self.steps[name] = StepPlan(name, work if isinstance(work, Command) else list(work), waits_for)
        return name

    def chain(self, *steps: tuple[str, Command | Iterable[Command]]) -> str:
        """Add steps one after the other, the first after the last one added so far; returns the last name."""
        last = next(reversed(self.steps), None)
        for name, work in steps:
            last = self.step(name, work, after=[last] if last else [])
        if last is None:
            raise BrokenWorkflow(f"workflow {self.name!r} has no steps")
        return last

    def start(self, *, tenant: str = "") -> UUID:
        """Store it in the current transaction (or one of its own) and begin; returns its id."""
        cause = current()
        outbox = Outbox(replace(cause, tenant=tenant or cause.tenant))
        planned = self.plan(outbox.cause)
        outbox.workflows.append(planned)
        with transaction.atomic(savepoint=False):
            outbox.write()
        return planned.id

    def plan(self, cause: Cause) -> "NewWorkflow":
        """The rows to store; raises BrokenWorkflow when there are no steps."""
        if not self.steps:
            raise BrokenWorkflow(f"workflow {self.name!r} has no steps")
        identifier = uuid7()
        correlation_id = cause.correlation_id or identifier
        own = replace(cause, kind="workflow", id=identifier, correlation_id=correlation_id)
        planned = NewWorkflow(identifier, self.name, replace(cause, correlation_id=correlation_id))
        for step in self.steps.values():
            planned.add(step, own)
        return planned


@dataclass(slots=True)
class NewWorkflow:
    """A workflow about to be stored."""

    id: UUID
    name: str
    cause: Cause
    steps: list[dict[str, Any]] = field(default_factory=list)
    commands: list[rows.NewCommand] = field(default_factory=list)
    batches: list[NewBatch] = field(default_factory=list)

    def add(self, step: StepPlan, own: Cause) -> None:
        step_id = uuid7()
        if isinstance(step.work, Command):
            command = Outbox(own).plan_command(step.work)
            command.step_id, command.status = step_id, AWAITING
            self.commands.append(command)
            kind, target = "command", command.id
        else:
            batch = NewBatch.plan(own, step.work, next_commands={}, name=f"{self.name}: {step.name}")
            batch.await_step(step_id)
            self.batches.append(batch)
            kind, target = "batch", batch.id
        self.steps.append(
            {
                "id": step_id,
                "name": step.name,
                "after": dumps(step.after),
                "target_kind": kind,
                "target_id": target,
            }
        )

    def write(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                statement("insert_workflow"),
                {
                    "id": self.id,
                    "name": self.name,
                    "tenant": self.cause.tenant,
                    "correlation_id": self.cause.correlation_id,
                    "cause_kind": self.cause.kind,
                    "cause_id": self.cause.id,
                    "metadata": dumps(self.cause.metadata),
                    "now": clock.frozen(),
                },
            )
            cursor.executemany(
                "INSERT INTO ops_engine_step (id, workflow_id, name, number, after, target_kind, target_id)"
                " VALUES (%s, %s, %s, %s, %s::jsonb, %s, %s)",
                [
                    (
                        step["id"],
                        self.id,
                        step["name"],
                        number,
                        step["after"],
                        step["target_kind"],
                        step["target_id"],
                    )
                    for number, step in enumerate(self.steps, 1)
                ],
            )
        for batch in self.batches:
            batch.write()
        rows.insert_commands(self.commands)
        move_on(self.id)


def advance(step_id: UUID, patience: float | None = None) -> None:
    """Something of this step ended: see what follows from it."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        bound(cursor, patience)
        cursor.execute("SELECT workflow_id FROM ops_engine_step WHERE id = %s", [step_id])
        if row := cursor.fetchone():
            move_on(row[0])


def move_on(workflow_id: UUID) -> None:
    """Bring steps up to date with their commands and batches, release those that may begin, end the workflow.

    Everything is decided under the lock of the workflow's row, so that two ends at once release a step once.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM ops_engine_workflow WHERE id = %s FOR NO KEY UPDATE", [workflow_id])
        parameters = {"workflow_id": workflow_id, "now": clock.frozen()}
        while True:  # an empty batch among the released steps has succeeded at once
            cursor.execute(statement("update_steps"), parameters)
            cursor.execute(statement("release_steps"), parameters)
            released = cursor.fetchall()
            if not released:
                break
            for name in ("release_step_commands", "release_step_batches", "release_step_members"):
                cursor.execute(statement(name), {**parameters, "steps": [step_id for (step_id,) in released]})
                for (queue,) in cursor.fetchall():
                    waking.after_commit(queue)
        cursor.execute(statement("end_workflow"), parameters)
