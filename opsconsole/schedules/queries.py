"""What the pages show of schedules. Every read is bounded."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from uuid import UUID

from opsconsole.engine.models import Command, Event, Pause
from opsconsole.schedules.declaring import DECLARED, Declaration
from opsconsole.schedules.models import Run, Schedule
from opsconsole.schedules.rules import COUNTED, Slot
from opsconsole.schedules.sql import statement
from opsconsole.schedules.states import PENDING

MARKS = 10  # runs of a schedule in the list
RUNS = 25  # on a page of one schedule
EVENTS = 200  # of the runs on a page
AHEAD = 5  # slots to come


@dataclass(slots=True)
class ShownRun:
    """A run, how it stands by its command just now, and the events that were emitted."""

    run: Run
    status: str
    command_id: UUID
    error: str = ""
    events: list[Event] = field(default_factory=list)


@dataclass(slots=True)
class Overview:
    """One schedule with its latest runs, the newest first. No row: no dispatcher has seen it. No declaration: no code
    answers to it."""

    name: str
    row: Schedule | None
    declaration: Declaration | None
    runs: list[ShownRun]

    @property
    def latest(self) -> ShownRun | None:
        """Its latest planned run."""
        return next((shown for shown in self.runs if not shown.run.is_manual), None)

    def coming(self, now: datetime, count: int = AHEAD) -> list[Slot]:
        """The slots to come."""
        if self.declaration is None:
            return []
        after = max(now, self.row.seen_until) if self.row else now
        return list(islice(self.declaration.rule.after(after), count))

    def waiting(self, now: datetime) -> list[Slot]:
        """Slots that have passed and have not been dealt with; COUNTED at most."""
        if self.declaration is None or self.row is None:
            return []
        return list(islice(self.declaration.rule.up_to(self.row.seen_until, now), COUNTED))


def all_schedules() -> list[Overview]:
    """Every schedule that is declared or ever was, by name."""
    rows = {row.name: row for row in Schedule.objects.all()}
    declared = dict(DECLARED)
    runs = _latest_runs(list(rows), MARKS)
    return [Overview(name, rows.get(name), declared.get(name), runs[name]) for name in sorted({*rows, *declared})]


def one_schedule(name: str) -> Overview | None:
    row, declaration = Schedule.objects.filter(pk=name).first(), DECLARED.find(name)
    if row is None and declaration is None:
        return None
    return Overview(name, row, declaration, _latest_runs([name], MARKS)[name])


def runs_before(name: str, before: UUID | None) -> list[ShownRun]:
    """A page of its runs, the newest first; one more than RUNS when there are older ones."""
    runs = Run.objects.filter(schedule=name).order_by("-id")
    return _shown((runs.filter(id__lt=before) if before else runs)[: RUNS + 1])


def pauses_of(declaration: Declaration) -> list[Pause]:
    """What holds its commands back."""
    pauses = Pause.objects.filter(scope__in=("queue", "type"), key__in=(declaration.queue, declaration.name))
    wanted = {("queue", declaration.queue), ("type", declaration.name)}
    return [pause for pause in pauses if (pause.scope, pause.key) in wanted]


def _latest_runs(names: list[str], count: int) -> dict[str, list[ShownRun]]:
    found: defaultdict[str, list[ShownRun]] = defaultdict(list)
    runs = Run.objects.raw(statement("latest_runs"), {"names": names, "count": count})
    for shown in _shown(list(runs)):
        found[shown.run.schedule_id].append(shown)
    return found


def _shown(runs: Iterable[Run]) -> list[ShownRun]:
    """Runs with their commands: a failed run may have been healed, and one under way have got on, since the last look
    of the dispatcher."""
    runs = list(runs)
    wanted = [run.returned_id or run.command_id for run in runs]
    known = {command.pk: command for command in Command.objects.filter(pk__in=wanted).defer("payload", "log")}
    return [_with_command(run, identifier, known.get(identifier)) for run, identifier in zip(runs, wanted, strict=True)]


def _with_command(run: Run, identifier: UUID, command: Command | None) -> ShownRun:
    if command is None:
        return ShownRun(run, run.status, identifier)
    if command.healed_by and run.status != "skipped":
        return ShownRun(run, "healed", identifier)
    error = f"{command.error_class}: {command.error}" if command.error and run.status != "healed" else ""
    return ShownRun(run, command.status if run.status == PENDING else run.status, identifier, error)


def add_events(runs: Sequence[ShownRun]) -> None:
    """Give these runs the events that they, or what healed them, have emitted."""
    by_command: dict[UUID, ShownRun] = {}
    for shown in runs:
        by_command |= dict.fromkeys([shown.run.command_id, shown.command_id], shown)
    healing = Command.objects.filter(cause_kind="reprocess", cause_id__in=list(by_command)).values_list(
        "id", "cause_id"
    )
    for identifier, root in healing[:EVENTS]:
        if root:
            by_command[identifier] = by_command[root]
    events = Event.objects.filter(cause_kind="command", cause_id__in=list(by_command)).defer("data")
    for event in events.order_by("id")[:EVENTS]:
        if event.cause_id:
            by_command[event.cause_id].events.append(event)
