"""What happens when the time of reminders has come."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from opsconsole.engine import Cancel, Event, RetryAt, Snooze
from opsconsole.engine.faults import LeaseLost
from opsconsole.engine.outcomes import Outcome
from opsconsole.engine.queries.present import database_now
from opsconsole.engine.together import Task, handles_together
from opsconsole.reminders import delivering, occasions
from opsconsole.reminders.calls import Call
from opsconsole.reminders.commands import CallBack
from opsconsole.reminders.configuration import configuration
from opsconsole.reminders.delivering import Due, Where
from opsconsole.reminders.occasions import Standing
from opsconsole.reminders.reminder import Reminder
from opsconsole.streams import decide


class CallbackFailed(Exception):
    """The last try has failed; the text says how."""


@handles_together(CallBack, most=max(1, configuration().at_once))
def call_back(tasks: Sequence[Task]) -> Iterator[Sequence[Task]]:
    """Call the addresses, but for reminders that have ended or have another time by now.

    Names are looked up before anything else, because that may take seconds: what is known of the reminders and of the
    claim is known right before the calls. An answer is appended at whatever version the stream has when it comes:
    somebody may have cancelled meanwhile, and the receiver has taken the call all the same. It commits together with
    the outcome of the command. A worker that dies before that makes the call again, with the same Idempotency-Key;
    after it, nobody does.
    """
    for places in delivering.targets({task: (task.command, task.work.attempt) for task in tasks}):
        if places:
            yield from _call(places)
        else:
            yield []  # some names take long


def _call(places: Mapping[Task, Where]) -> Iterator[Sequence[Task]]:
    """What is not called is recorded last: that takes time, in which others might call."""
    tasks = list(places)
    standings = dict(zip(tasks, occasions.look([task.command for task in tasks]), strict=True))
    if any(task.is_lost for task in tasks):
        raise LeaseLost
    now, due = database_now(), {}
    for task, standing in standings.items():
        task.outcome = _reason_not_to(task.command, standing, now)
        if isinstance(standing, Standing) and task.outcome is None:
            due[task] = Due(task.command, standing.attempt, places[task])
    for called in delivering.call(due, called_at=now):
        _take([(task, standings[task], call) for task, call in called])
        yield [task for task, _ in called]
    if others := [task for task in tasks if task not in due]:
        yield others


def _reason_not_to(wanted: CallBack, standing: Standing | Exception, now: datetime) -> Outcome | Exception | None:
    """What becomes of a call that is not made now; None for one that is. Its time may not have come: an operator may
    have had the command run at once, which says nothing about the reminder."""
    if isinstance(standing, Exception):
        return standing
    if standing.obstacle:
        return Cancel(standing.obstacle)
    if (early := wanted.scheduled_at - now) > timedelta(0):
        return Snooze(early, "the time of the reminder has not come")
    return None


def _take(called: Sequence[tuple[Task, Any, Call]]) -> None:
    """What calls came to, for the transactions that record their commands. The next tries are told by the clock that
    decides what is due."""
    now = database_now() if any(call.problem for *_, call in called) else None
    for task, standing, call in called:
        try:
            if now and call.problem:
                task.outcome = partial(_failed, task.command, call, _next_try(task, now))
            else:
                facts = standing.state.complete(task.command, call)
                task.work.append(Reminder.stream(task.command.reminder_id), *facts)
        except Exception as error:  # of this one alone
            task.outcome = error


def _failed(command: CallBack, call: Call, next_try_at: datetime | None) -> Outcome | Exception:
    """Keep the facts of a call that came to nothing. It is not tried again when the reminder has ended meanwhile, or
    has another time."""
    obstacle = ""

    def facts(state: Reminder) -> list[Event]:
        nonlocal obstacle
        obstacle = state.obstacle(command)
        return state.call_failed(command, call, next_try_at)

    decide(Reminder, command.reminder_id, facts)
    if obstacle:
        return Cancel(obstacle)
    return RetryAt(next_try_at, call.problem) if next_try_at else CallbackFailed(call.problem)


def _next_try(task: Task, now: datetime) -> datetime | None:
    """By the policy of the command, decided here, so that the reminder's history tells the moment."""
    if task.work.attempt >= task.work.max_attempts:
        return None
    return now + timedelta(seconds=CallBack.__contract__.retry.delay(task.work.attempt))
