"""The call itself: whether it is still wanted, what is sent, what came of it."""

import json
import socket
import time
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from opsconsole.kernel import clock
from opsconsole.kernel.addresses import ForbiddenAddress, target
from opsconsole.kernel.calling import NoAnswer, post
from opsconsole.kernel.encoding import storable
from opsconsole.kernel.signing import sign
from opsconsole.reminders.calls import Call
from opsconsole.reminders.commands import CallBack
from opsconsole.reminders.configuration import configuration
from opsconsole.reminders.refusals import BadAddress
from opsconsole.reminders.reminder import Reminder
from opsconsole.streams import load, version_of

KEPT = 1_000  # characters of an answer, and of a problem

FRESH = Reminder(status="Active")  # what the call for an occasion finds when nothing has happened since it was set


@dataclass(frozen=True, slots=True)
class Standing:
    """How a reminder stands when its time has come: as its stream has it."""

    state: Reminder
    obstacle: str

    @property
    def attempt(self) -> int:
        return self.state.attempts + 1


def look(wanted: CallBack) -> Standing:
    """Whether the call is still wanted. Of most it is known from the version alone: nothing has happened since."""
    if version_of(Reminder.stream(wanted.reminder_id)) == wanted.occasion:
        return Standing(FRESH.with_(reminder_id=wanted.reminder_id, occasion=wanted.occasion), "")
    state = load(Reminder, wanted.reminder_id).state
    return Standing(state, state.obstacle(wanted))


def call(wanted: CallBack, attempt: int) -> Call:
    """Call the address once; whatever comes of it is the answer."""
    settings, called_at, begun = configuration(), clock.now(), time.monotonic()
    body = _body(wanted, attempt, called_at.isoformat())
    try:
        where = target(
            callback_url(wanted.address, wanted.reminder_id),
            allowed_hosts=settings.allowed_hosts,
            loopback=settings.allow_loopback,
        )
        answer = post(where, body, _headers(wanted, body, settings.key), timeout=settings.timeout)
    except (NoAnswer, ForbiddenAddress, OSError) as error:
        problem = storable(str(error) or type(error).__name__)[:KEPT]
        return Call(attempt, called_at, time.monotonic() - begun, problem=problem)
    problem = "" if 200 <= answer.status < 300 else f"the address answered {answer.status}"
    return Call(attempt, called_at, answer.latency, answer.status, answer.body[:KEPT], problem)


def check(address: str) -> None:
    """Refuse an address that may not be called; raises BadAddress. What cannot be looked up just now may be: it is
    checked again whenever it is called."""
    settings = configuration()
    try:
        target(
            callback_url(address, UUID(int=0)),
            allowed_hosts=settings.allowed_hosts,
            loopback=settings.allow_loopback,
        )
    except ForbiddenAddress as error:
        raise BadAddress(str(error), "address") from error
    except socket.gaierror as error:
        if error.errno != socket.EAI_AGAIN:
            raise BadAddress(f"nobody knows the host of {address!r}", "address") from error


def callback_url(address: str, reminder_id: UUID) -> str:
    """The address with the identifier as one more segment of its path. Raises ForbiddenAddress."""
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise ForbiddenAddress(f"{address!r} is no URL: {error}") from error
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{reminder_id}", fragment=""))


def key_of(wanted: CallBack) -> str:
    """The same at every try: by it a receiver knows what it has seen already."""
    return f"{wanted.reminder_id}-{wanted.occasion}"


def _body(wanted: CallBack, attempt: int, called_at: str) -> bytes:
    told = {
        "id": str(wanted.reminder_id),
        "address": wanted.address,
        "scheduledAt": wanted.scheduled_at.isoformat(),
        "calledAt": called_at,
        "attempt": attempt,
    }
    return json.dumps(told, separators=(",", ":")).encode()


def _headers(wanted: CallBack, body: bytes, signing_key: str) -> dict[str, str]:
    key, timestamp = key_of(wanted), int(time.time())
    return {
        "Content-Type": "application/json",
        "User-Agent": "opsconsole-reminders",
        "Idempotency-Key": key,
        "webhook-id": key,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(signing_key, key, timestamp, body),
    }
