"""The call itself: where it goes, and what came of it."""

import logging
import socket
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from opsconsole.kernel.addresses import ForbiddenAddress, Place, Target, checked, place
from opsconsole.kernel.calling import Answer, NoAnswer, post_many
from opsconsole.kernel.encoding import storable
from opsconsole.kernel.names import Found, Inquiries, look_up
from opsconsole.reminders.calls import Call
from opsconsole.reminders.commands import CallBack
from opsconsole.reminders.configuration import configuration
from opsconsole.reminders.refusals import BadAddress
from opsconsole.reminders.requests import request

logger = logging.getLogger(__name__)

K = TypeVar("K", bound=Hashable)

LONGEST = 1_000  # characters kept of an answer, and of a problem
SOON = 0.5  # seconds that calls wait for the names of others, before they are made without them
LOOKUP = 3.0  # seconds that whoever defines a reminder waits for the name service, at most


Where = Target | Exception  # where a call goes, or why it cannot be made just now


@dataclass(frozen=True, slots=True)
class Due:
    """A call to be made, and the number of its attempt."""

    command: CallBack
    attempt: int
    where: Where


def targets(wanted: Mapping[K, tuple[CallBack, int]]) -> Iterator[dict[K, Where]]:
    """Where these calls go, each at its try of that number: first those of which it is soon known, and after nothing,
    when that takes long, the others, after as long as a try may take. What was known before should be asked for again
    each time."""
    places = {key: _place(command) for key, (command, _) in wanted.items()}
    inquiries = Inquiries(_hosts(places.values()), within=configuration().timeout)
    found = inquiries.known(SOON)
    late = {key for key, where in places.items() if isinstance(where, Place) and where.host in inquiries.open}
    if len(late) < len(places):
        yield {key: _target(where, found, wanted[key][1]) for key, where in places.items() if key not in late}
    if late:
        yield {}
        found = {**inquiries.known(), **inquiries.given_up()}
        yield {key: _target(places[key], found, wanted[key][1]) for key in late}


def _place(wanted: CallBack) -> Place | ForbiddenAddress:
    try:
        return place(callback_url(wanted.address, wanted.reminder_id))
    except ForbiddenAddress as error:
        return error


def _target(where: Place | ForbiddenAddress, found: Mapping[str, Found], attempt: int) -> Where:
    if isinstance(where, ForbiddenAddress):
        return where
    try:
        return _checked(where, found, attempt)
    except (ForbiddenAddress, OSError) as error:
        return error


def call(due: Mapping[K, Due], *, called_at: datetime) -> Iterator[list[tuple[K, Call]]]:
    """Make these calls; what came of them comes in groups, as it comes."""
    requests, impossible = [], []
    for key, one in due.items():
        if isinstance(one.where, Exception):
            impossible.append((key, Call(one.attempt, called_at, 0.0, problem=_told(one.where))))
        else:
            requests.append(request(key, one.command, one.where, attempt=one.attempt, called_at=called_at))
    if impossible:
        yield impossible
    for answered in post_many(requests, timeout=configuration().timeout):
        yield [(key, _came_of(due[key].attempt, called_at, outcome)) for key, outcome in answered]


def _came_of(attempt: int, called_at: datetime, outcome: Answer | NoAnswer) -> Call:
    if isinstance(outcome, NoAnswer):
        return Call(attempt, called_at, outcome.seconds, problem=_told(outcome))
    problem = "" if 200 <= outcome.status < 300 else f"the address answered {outcome.status}"
    return Call(attempt, called_at, outcome.latency, outcome.status, outcome.body[:LONGEST], problem)


def _told(error: Exception) -> str:
    return storable(str(error) or type(error).__name__)[:LONGEST]


def check(address: str) -> None:
    """Refuse an address that may not be called; raises BadAddress. What cannot be looked up just now, or not within
    LOOKUP seconds, may be: it is checked again whenever it is called. Not for within a transaction, which would wait
    for the name service."""
    try:
        where = place(callback_url(address, UUID(int=0)))
        _checked(where, look_up(_hosts([where]), within=LOOKUP))
    except ForbiddenAddress as error:
        raise BadAddress(str(error), "address") from error
    except socket.gaierror as error:
        if error.errno != socket.EAI_AGAIN:
            raise BadAddress(f"nobody knows the host of {address!r}", "address") from error
    except OSError as error:
        logger.info("%r may be called, for all that is known: %s", address, error, extra={"action": "names.unknown"})


def callback_url(address: str, reminder_id: UUID) -> str:
    """The address with the identifier as one more segment of its path. Raises ForbiddenAddress."""
    place(address)  # as it was written: taking it apart, the library overlooks line breaks and more
    parts = urlsplit(address)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{reminder_id}", fragment=""))


def _hosts(places: Iterable[Place | ForbiddenAddress]) -> set[str]:
    """Those that have to be looked up."""
    return {where.host for where in places if isinstance(where, Place) and where.literal is None}


def _checked(where: Place, found: Mapping[str, Found], attempt: int = 1) -> Target:
    """Raises ForbiddenAddress, and OSError when it is not known where it leads."""
    addresses = [where.literal] if where.literal else found[where.host]
    if isinstance(addresses, OSError):
        raise addresses
    settings = configuration()
    return checked(
        where,
        addresses,
        allowed_hosts=settings.allowed_hosts,
        loopback=settings.allow_loopback,
        turn=attempt - 1,
    )
