"""How each kind's address is read, and the controls above its list."""

from collections.abc import Callable

from opsconsole.console import controls
from opsconsole.console.controls import Control
from opsconsole.console.reading import Reading
from opsconsole.engine.queries.filters import BatchFilter, CommandFilter, EventFilter, Filter, WorkflowFilter
from opsconsole.engine.queries.names import names_of
from opsconsole.engine.states import BATCH, COMMAND, EVENT, WORKFLOW

CONDITIONS = {"retrying": "Waiting for a retry", "unhealed": "Failed and not healed"}


def read_events(reading: Reading) -> EventFilter:
    return reading.wanted(EventFilter, EVENT, enqueued=reading.one_of("enqueued", COMMAND.states))


def read_commands(reading: Reading) -> CommandFilter:
    return reading.wanted(
        CommandFilter,
        COMMAND,
        queue=reading.text("queue"),
        condition=reading.one_of("condition", tuple(CONDITIONS)),
        batch_id=reading.identifier("batch"),
    )


def read_batches(reading: Reading) -> BatchFilter:
    return reading.wanted(BatchFilter, BATCH)


def read_workflows(reading: Reading) -> WorkflowFilter:
    return reading.wanted(WorkflowFilter, WORKFLOW)


READERS: dict[str, Callable[[Reading], Filter]] = {
    "event": read_events,
    "command": read_commands,
    "batch": read_batches,
    "workflow": read_workflows,
}


def event_controls(reading: Reading) -> list[Control]:
    return [
        controls.states(reading, EVENT.states),
        controls.types(reading, "event"),
        controls.tenants(reading, "event"),
        controls.states(reading, COMMAND.states, "enqueued", "Its commands"),
        controls.time(reading),
        *_pasted(reading),
    ]


def command_controls(reading: Reading) -> list[Control]:
    return [
        controls.states(reading, COMMAND.states),
        controls.types(reading, "command"),
        controls.tenants(reading, "command"),
        controls.queue(reading),
        controls.choose(reading, "condition", "Condition", CONDITIONS.items()),
        controls.time(reading),
        *_pasted(reading),
    ]


def batch_controls(reading: Reading) -> list[Control]:
    names = names_of("batch", "name")
    return [
        controls.states(reading, BATCH.states),
        controls.choose(reading, "type", "Name", [(name, name) for name in names]),
        controls.tenants(reading, "batch"),
        controls.time(reading),
        *_pasted(reading),
    ]


def workflow_controls(reading: Reading) -> list[Control]:
    return [
        controls.states(reading, WORKFLOW.states),
        controls.time(reading),
        *_pasted(reading),
    ]


def _pasted(reading: Reading) -> list[Control]:
    """Ids and times to narrow by; those that only links name are shown once they are named."""
    named = {
        "cause": "Caused by",
        "batch": "Member of batch",
        "ended_from": "Ended from (UTC)",
        "ended_to": "Ended before (UTC)",
    }
    hidden = [controls.pasted(reading, name, label) for name, label in named.items() if reading.text(name)]
    return [controls.pasted(reading, "correlation", "Correlation id"), *hidden]
