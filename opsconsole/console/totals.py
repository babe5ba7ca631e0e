"""The line of totals above a list: how many in all, and in each state."""

from collections.abc import Sequence
from dataclasses import dataclass

from opsconsole.engine.models import Workflow
from opsconsole.engine.queries.filters import WorkflowFilter
from opsconsole.engine.queries.rollups import status_counts
from opsconsole.engine.queries.windows import Bounded, best
from opsconsole.engine.states import BATCH, COMMAND, EVENT, WORKFLOW


@dataclass(frozen=True, slots=True)
class Total:
    """`status` is empty for the total of all."""

    status: str
    number: Bounded


def of_events(tenant: str) -> list[Total]:
    return _totals(status_counts("event", tenant or None), EVENT.states)


def of_commands(tenant: str) -> list[Total]:
    return _totals(status_counts("command", tenant or None), COMMAND.states)


def of_batches(tenant: str) -> list[Total]:
    return _totals(status_counts("batch", tenant or None), BATCH.states)


def of_workflows(tenant: str) -> list[Total]:
    walks = {status: WorkflowFilter(status=status, tenant=tenant).searches(Workflow) for status in WORKFLOW.states}
    return _totals({status: best(of_status, 1)[0].count() for status, of_status in walks.items()}, WORKFLOW.states)


def _totals(counts: dict[str, Bounded], statuses: Sequence[str]) -> list[Total]:
    number, is_more = sum(count.number for count in counts.values()), any(count.is_more for count in counts.values())
    everything = Bounded(number, is_more)
    return [Total("", everything), *(Total(status, counts[status]) for status in statuses)]
