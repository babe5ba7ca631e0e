"""Why an action does not apply to a row, in a sentence; nothing when it does."""

from pydantic import ValidationError

from opsconsole.engine.messages import COMMANDS
from opsconsole.engine.models import Batch, Command, Event, Workflow
from opsconsole.engine.states import AWAITING, CANCELLED, ERROR, PENDING, SUCCESS
from opsconsole.kernel import clock
from opsconsole.kernel.encoding import dumps


def of_retry(command: Command) -> str:
    if command.status == ERROR:
        return "It has failed for good: reprocess it instead."
    if command.status != PENDING:
        return f"It is {command.status}; only what waits for its time can be run at once."
    return "It is due already." if command.not_before <= clock.now() else ""


def of_reprocess(command: Command) -> str:
    if command.cause_kind == "reprocess":
        return "It is itself a reprocessing: reprocess its root."
    if command.status not in (ERROR, CANCELLED):
        return f"It is {command.status}; only what failed or was cancelled can be reprocessed."
    if command.healed_by is not None:
        return "A reprocessing has already succeeded."
    return misfit(command)


def of_cancel(command: Command) -> str:
    if command.status in (AWAITING, PENDING):
        return ""
    return "It is running already." if command.status == "processing" else f"It has ended: {command.status}."


def of_reprocess_event(event: Event) -> str:
    return "" if event.status == ERROR else f"It is {event.status}; only failed events can be reprocessed."


def of_reprocess_batch(batch: Batch) -> str:
    if batch.status == SUCCESS:
        return "All its members succeeded."
    return "None of its members failed." if batch.status == CANCELLED else ""


def of_reinstate(batch: Batch) -> str:
    return "" if batch.status in (ERROR, CANCELLED) and batch.cancelled_count else "None of its members was cancelled."


def of_cancel_batch(batch: Batch) -> str:
    return f"It has ended: {batch.status}." if batch.settled_at else ""


def of_resume(workflow: Workflow) -> str:
    if workflow.status in (ERROR, CANCELLED):
        return ""
    return "All its steps succeeded." if workflow.status == SUCCESS else "Nothing in it has failed for good."


def misfit(command: Command) -> str:
    """Why today's code cannot run this command at all: its type is unknown, or its data does not fit it."""
    message = COMMANDS.find(command.type)
    if message is None:
        return f"No code here answers to the type “{command.type}”: it was removed, renamed, or is not deployed here."
    try:
        message.decode(dumps(command.payload), command.schema_version, message.__contract__.version)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        return f"Its data does not fit its type today: {where}: {first['msg']}." if where else f"{first['msg']}."
    except Exception as error:  # an upcast is the host's code: whatever it raises, the page must open
        return f"Its data cannot be read today: {type(error).__name__}: {error}"
    return ""
