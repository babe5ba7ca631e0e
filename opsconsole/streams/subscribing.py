"""Plain subscriptions: a function called with one event after another."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models

from opsconsole.engine import Event, NoRetry
from opsconsole.engine.outbox import Outbox
from opsconsole.engine.retries import RetryPolicy
from opsconsole.engine.work import Acting
from opsconsole.kernel.tracing import Cause, acting_for
from opsconsole.streams.followers import FOLLOWERS, Follower, names_of
from opsconsole.streams.recorded import Recorded

Subscriber = Callable[[Any, "Following"], None]


@dataclass(slots=True)
class Following(Acting):
    """Handed to a subscriber: what it sends and emits here is caused by the event, and committed with the position."""

    recorded: Recorded

    def emit(
        self,
        event: Event,
        *,
        source: models.Model | None = None,
        tenant: str = "",
        stream: str | None = None,
        expected: int | None = None,
    ) -> UUID:
        """As `opsconsole.engine.emit`: a child of the event that is followed."""
        return self.outbox.plan_event(event, source=source, tenant=tenant, stream=stream, expected=expected).id


def subscribes(
    name: str,
    *,
    to: Sequence[type[Event]],
    start: str = "beginning",
    start_delay: float = 0.0,
    jitter: float = 0.0,
    retry: RetryPolicy | None = None,
    on_failure: str = "stop",
) -> Callable[[Subscriber], Subscriber]:
    """Have a function called with every event of these types, in the order of the log, exactly once in its effects.

    It reads, writes to the database and sends; it does nothing slow, for the events behind it wait. It may `start` at
    the beginning of the log, or at the end that the log has when the subscription is first seen. A failing event stops
    it, after the tries that `retry` allows; `on_failure="park"` sets the event's stream aside instead and goes on.
    Raises DuplicateName, ValueError.
    """

    def register(function: Subscriber) -> Subscriber:
        def apply(page: Sequence[Recorded]) -> None:
            everything = Outbox(Cause())
            for recorded in page:
                outbox = Outbox(cause_of(recorded))
                with acting_for(outbox.cause):
                    function(recorded.event(), Following(outbox, recorded))
                everything.join(outbox)
            everything.write()

        follower = Follower(
            name=name,
            kind="subscription",
            types=names_of(to),
            apply=apply,
            start=start,
            start_delay=start_delay,
            jitter=jitter,
            retry=retry or NoRetry(),
            on_failure=on_failure,
        )
        FOLLOWERS.add(name, follower)
        return function

    return register


def cause_of(recorded: Recorded) -> Cause:
    """An event as the cause of what it sets off."""
    return Cause("event", recorded.id, recorded.correlation_id, recorded.tenant, json.loads(recorded.metadata))
