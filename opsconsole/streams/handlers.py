"""What operators ask of subscriptions that takes longer than a request: done by workers."""

import hashlib
from datetime import timedelta

from opsconsole.engine import Command, Discard, Sent, Snooze, Work, handles, send
from opsconsole.streams import parking
from opsconsole.streams.followers import FOLLOWERS
from opsconsole.streams.models import Subscription
from opsconsole.streams.states import RUNNING

BUSY, RESTING = timedelta(seconds=1), timedelta(seconds=30)


class ApplyParked(Command, name="streams.apply_parked", internal=True):
    """Apply the parked events of a stream again."""

    subscription: str
    stream: str


def send_apply_parked(subscription: str, stream: str) -> Sent:
    """Have a worker apply the parked events of a stream; once, however often it is asked for meanwhile."""
    key = hashlib.sha256(f"{subscription}\n{stream}".encode()).hexdigest()
    return send(ApplyParked(subscription=subscription, stream=stream), unique=key)


@handles(ApplyParked)
def apply_parked(command: ApplyParked, work: Work) -> Snooze | Discard | None:
    status = Subscription.objects.filter(name=command.subscription).values_list("status", flat=True).first()
    if status is None or command.subscription not in FOLLOWERS:
        return Discard(f"there is no subscription {command.subscription}, or no code answers to it")
    if status != RUNNING:
        return Snooze(RESTING, f"{command.subscription} is {status}")
    applied = parking.apply_parked(command.subscription, command.stream)
    if applied is None:
        return Snooze(BUSY, "somebody else is serving the subscription")
    work.log("parked events applied", stream=command.stream, count=applied)
    return None
