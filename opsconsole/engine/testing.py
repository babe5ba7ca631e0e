"""The test kit: run everything in this process, stop the clock, ask what was set off.

The database is real and so are the transactions: use it in tests with `django_db(transaction=True)`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Count

from opsconsole.engine import claiming, draining, extending, messages, reacting, sequencing, sweeping, threads
from opsconsole.engine.models import Command as StoredCommand
from opsconsole.engine.models import Event as StoredEvent
from opsconsole.engine.states import PENDING
from opsconsole.kernel import clock

E = TypeVar("E", bound=messages.Event)
C = TypeVar("C", bound=messages.Command)

ROUNDS = 200


class NeverIdle(AssertionError):
    """Work kept causing work."""


def run_until_idle(*, ignore_due_times: bool = False) -> int:
    """Sequence, react and execute until nothing is due; returns how many commands ended.

    With `ignore_due_times`, delayed commands and retries run at once, too. Raises NeverIdle after
    two hundred rounds.
    """
    try:
        return _run_until_idle(ignore_due_times)
    finally:
        threads.end_threads()


@contextmanager
def frozen_at(moment: datetime) -> Iterator["FrozenClock"]:
    """Stop the clock, for Python and for the engine's SQL; move it with `.advance()`."""
    with clock.freeze(moment):
        yield FrozenClock()


class FrozenClock:
    """The stopped clock."""

    def advance(self, by: timedelta) -> None:
        """Let that much time pass."""
        clock.advance(by)


def emitted(message: type[E], **fields: Any) -> list[E]:
    """The events of this type in the log, oldest first, whose payload has these values."""
    stored = StoredEvent.objects.filter(type=message.__contract__.name).order_by("id")
    return _matching([message.model_validate(event.data) for event in stored], fields)


def sent(message: type[C], **fields: Any) -> list[C]:
    """The commands of this type, oldest first, whose payload has these values."""
    stored = StoredCommand.objects.filter(type=message.__contract__.name).order_by("id")
    return _matching([message.model_validate(command.payload) for command in stored], fields)


def assert_emitted(message: type[messages.Event], *, count: int | None = None, **fields: Any) -> None:
    """At least one such event was emitted, or exactly `count`."""
    _assert_count(message.__contract__.name, len(emitted(message, **fields)), count, fields)


def assert_sent(message: type[messages.Command], *, count: int | None = None, **fields: Any) -> None:
    """At least one such command was sent, or exactly `count`."""
    _assert_count(message.__contract__.name, len(sent(message, **fields)), count, fields)


def _matching(found: list[Any], fields: dict[str, Any]) -> list[Any]:
    return [one for one in found if all(getattr(one, name) == value for name, value in fields.items())]


def _assert_count(name: str, found: int, wanted: int | None, fields: dict[str, Any]) -> None:
    suffix = f" with {fields}" if fields else ""
    if wanted is None:
        assert found, f"no {name}{suffix}"  # noqa: S101 - this is a test kit
    else:
        assert found == wanted, f"{found} of {name}{suffix}, not {wanted}"  # noqa: S101


def _run_until_idle(ignore_due_times: bool) -> int:
    ended = 0
    for _ in range(ROUNDS):
        sequencing.sequence()
        if ignore_due_times:
            StoredCommand.objects.filter(status=PENDING).update(not_before=claiming.LONG_AGO)
        busy = _react() > 0
        for step in extending.STEPS:
            busy |= step() > 0
        for queue, waiting in _pending_queues():
            claiming.forget()
            for _ in range(waiting):  # what they cause waits for the next round
                chunk = claiming.claim_commands(queue)
                if chunk is None:
                    break
                busy = True  # also when nothing ends: a retry may be due in the next round
                ended += draining.execute_chunk(chunk)
        sweeping.repair()
        if not busy:
            return ended
    raise NeverIdle(f"still busy after {ROUNDS} rounds")


def _react() -> int:
    done = 0
    while chunk := claiming.claim_events():
        done += len(chunk.events)
        reacting.run(chunk)
    return done


def _pending_queues() -> list[tuple[str, int]]:
    pending = StoredCommand.objects.filter(status=PENDING).order_by()
    return list(pending.values_list("queue").annotate(Count("id")))
