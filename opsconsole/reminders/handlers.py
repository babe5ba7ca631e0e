"""What happens when the time of a reminder has come."""

from datetime import datetime, timedelta

from opsconsole.engine import Cancel, RetryAt, Work, handles
from opsconsole.kernel import clock
from opsconsole.reminders import delivering
from opsconsole.reminders.commands import CallBack
from opsconsole.reminders.configuration import configuration
from opsconsole.reminders.reminder import Reminder
from opsconsole.streams import decide


class CallbackFailed(Exception):
    """The last try has failed; the text says how."""


@handles(CallBack, atomic=False, threads=configuration().threads)
def call_back(command: CallBack, work: Work) -> Cancel | RetryAt | None:
    """Call the address, unless the reminder has ended or has another time by now.

    The answer is appended at whatever version the stream has when it comes: somebody may have cancelled meanwhile, and
    the receiver has taken the call all the same. It commits together with the success of the command. A worker that
    dies before that makes the call again, with the same Idempotency-Key; after it, nobody does.
    """
    standing = delivering.look(command)
    if standing.obstacle:
        return Cancel(standing.obstacle)
    call = delivering.call(command, standing.attempt)
    if not call.problem:
        facts = standing.state.succeeded(command, call)
        work.append(Reminder.stream(command.reminder_id), *facts)
        return None
    next_try_at = _next_try(work)
    decide(Reminder, command.reminder_id, lambda state: state.call_failed(command, call, next_try_at))
    if next_try_at is None:
        raise CallbackFailed(call.problem)
    return RetryAt(next_try_at, call.problem)


def _next_try(work: Work) -> datetime | None:
    """By the policy of the command, decided here, so that the reminder's history tells the moment."""
    if work.attempt >= work.max_attempts:
        return None
    return clock.now() + timedelta(seconds=CallBack.__contract__.retry.delay(work.attempt))
