"""The steps of one process instance: the way it took, what moved it, and what it asked for then."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection

from opsconsole.engine.models import Command
from opsconsole.engine.queries.items import Item, by_id
from opsconsole.kernel.lifecycle import Lifecycle
from opsconsole.streams.models import Move, Process, ProcessStep
from opsconsole.streams.moves import PROCESSES
from opsconsole.streams.sql import statement

STEPS = 30  # on a page
WAY = 1_000  # steps that the picture of the way is drawn from, the latest ones
COMMANDS = 20  # of one step


@dataclass(slots=True)
class ShownStep:
    """A step, the state before it, what caused it as far as that is kept, and the commands that followed from it."""

    step: ProcessStep
    before: dict[str, Any]
    cause: Item | None = None
    commands: list[Command] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Way:
    """The moves that an instance has made, how often each; `is_cut` when earlier ones were not read."""

    moves: Counter[tuple[str, str]]
    is_cut: bool = False


def machine_of(process: Process, way: Way) -> Lifecycle:
    """Its state machine: as the code declares it, else as the database knows it; with every state it has been in."""
    declared = PROCESSES.find(process.type)
    moves: dict[str, set[str]] = {}
    if declared is not None:
        moves = {source: set(targets) for source, targets in declared.lifecycle.moves.items()}
    else:
        for source, target in Move.objects.filter(process=process.type).order_by("id").values_list("source", "target"):
            moves.setdefault(target, set())
            if source:
                moves.setdefault(source, set()).add(target)
    for status in (process.status, *(one for move in way.moves for one in move if one)):
        moves.setdefault(status, set())
    return Lifecycle(moves)


def way_of(process_id: UUID) -> Way:
    steps = ProcessStep.objects.filter(process_id=process_id, refusal="").order_by("-id")
    found = list(steps.values_list("source", "target")[: WAY + 1])
    return Way(Counter(found[:WAY]), len(found) > WAY)


def steps_of(process_id: UUID, before: int | None = None) -> tuple[list[ShownStep], int | None]:
    """A page of steps, the latest first, and where the next page goes on, if there is one."""
    steps = ProcessStep.objects.filter(process_id=process_id).order_by("-id")
    found = list((steps.filter(id__lt=before) if before else steps)[: STEPS + 1])
    page = found[:STEPS]
    states: list[Any] = [step.state for step in found[1:]] + [{}]
    shown = [ShownStep(step, state) for step, state in zip(page, states, strict=False)]
    _add_causes(shown)
    _add_commands(process_id, shown)
    return shown, page[-1].pk if len(found) > STEPS else None


def beginning_of(process_id: UUID) -> ShownStep | None:
    """Its first step."""
    first = ProcessStep.objects.filter(process_id=process_id).order_by("id").first()
    if first is None:
        return None
    shown = [ShownStep(first, {})]
    _add_causes(shown)
    return shown[0]


def causes_of(shown: Sequence[ShownStep]) -> dict[str, list[UUID]]:
    """The events and commands that moved it, or tried to."""
    kinds = ("event", "command")
    return {kind: [one.step.cause_id for one in shown if one.step.cause_kind == kind] for kind in kinds}


def _add_causes(shown: list[ShownStep]) -> None:
    known = {item.id: item for kind, ids in causes_of(shown).items() for item in by_id(kind, ids)}
    for one in shown:
        one.cause = known.get(one.step.cause_id)


def _add_commands(process_id: UUID, shown: list[ShownStep]) -> None:
    """An event asks an instance for commands once. A deadline has no identifier of its own: there, time tells."""
    if not shown:
        return
    causes = list({one.step.cause_id for one in shown})
    with connection.cursor() as cursor:
        cursor.execute(
            statement("commands_of_steps"), {"process": process_id, "causes": causes, "most": COMMANDS * len(shown)}
        )
        ids = [identifier for (identifier,) in cursor.fetchall()]
    by_cause: defaultdict[UUID, list[Command]] = defaultdict(list)
    for command in Command.objects.filter(id__in=ids).order_by("id").defer("payload", "log"):
        by_cause[command.cause_id].append(command)  # type: ignore[index]
    moves = [one for one in shown if not one.step.refusal]
    for one in moves:
        for command in by_cause[one.step.cause_id]:
            if one is _step_of(command, moves):
                one.commands.append(command)


def _step_of(command: Command, moves: Sequence[ShownStep]) -> ShownStep | None:
    """The step that a command followed from: the last one with its cause that was taken before it."""
    same = [one for one in moves if one.step.cause_id == command.cause_id]
    earlier = [one for one in same if one.step.taken_at <= command.created_at]
    return earlier[0] if earlier else (same[-1] if same else None)
