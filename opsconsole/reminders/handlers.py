"""What happens when the time of reminders has come."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from opsconsole.engine import Cancel, RetryAt
from opsconsole.engine.together import Task, handles_together
from opsconsole.kernel import clock
from opsconsole.reminders import delivering
from opsconsole.reminders.calls import Call
from opsconsole.reminders.commands import CallBack
from opsconsole.reminders.configuration import configuration
from opsconsole.reminders.delivering import Standing
from opsconsole.reminders.reminder import Reminder
from opsconsole.streams import decide


class CallbackFailed(Exception):
    """The last try has failed; the text says how."""


@handles_together(CallBack, most=configuration().at_once)
def call_back(tasks: Sequence[Task]) -> Iterator[Sequence[Task]]:
    """Call the addresses, but for reminders that have ended or have another time by now.

    An answer is appended at whatever version the stream has when it comes: somebody may have cancelled meanwhile, and
    the receiver has taken the call all the same. It commits together with the success of the command. A worker that
    dies before that makes the call again, with the same Idempotency-Key; after it, nobody does.
    """
    standings = delivering.look([task.command for task in tasks])
    wanted: dict[int, tuple[Task, Standing]] = {}
    overtaken = []
    for number, (task, standing) in enumerate(zip(tasks, standings, strict=True)):
        if standing.obstacle:
            task.outcome = Cancel(standing.obstacle)
            overtaken.append(task)
        else:
            wanted[number] = task, standing
    if overtaken:
        yield overtaken
    attempts = {number: (task.command, standing.attempt) for number, (task, standing) in wanted.items()}
    for called in delivering.call(attempts):
        for number, call in called:
            _take(*wanted[number], call)
        yield [wanted[number][0] for number, _ in called]


def _take(task: Task, standing: Standing, call: Call) -> None:
    """What a call came to: planned for the transaction of its success, or stored in one of its own."""
    command = task.command
    if not call.problem:
        task.work.append(Reminder.stream(command.reminder_id), *standing.state.succeeded(command, call))
        return
    next_try_at = _next_try(task)
    try:
        with task.acting():
            decide(Reminder, command.reminder_id, lambda state: state.call_failed(command, call, next_try_at))
    except Exception as error:
        task.outcome = error
        return
    task.outcome = RetryAt(next_try_at, call.problem) if next_try_at else CallbackFailed(call.problem)


def _next_try(task: Task) -> datetime | None:
    """By the policy of the command, decided here, so that the reminder's history tells the moment."""
    if task.work.attempt >= task.work.max_attempts:
        return None
    return clock.now() + timedelta(seconds=CallBack.__contract__.retry.delay(task.work.attempt))
