"""The call itself: where it goes, and what came of it."""

import logging
import socket
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

from opsconsole.kernel.addresses import ForbiddenAddress, Place, Target, checked, place
from opsconsole.kernel.calling import Answer, NoAnswer, post_many
from opsconsole.kernel.encoding import storable
from opsconsole.kernel.names import Found, look_up
from opsconsole.reminders.calls import Call
from opsconsole.reminders.commands import CallBack
from opsconsole.reminders.configuration import configuration
from opsconsole.reminders.refusals import BadAddress
from opsconsole.reminders.requests import request

logger = logging.getLogger(__name__)

K = TypeVar("K", bound=Hashable)

LONGEST = 1_000  # characters kept of an answer, and of a problem
LOOKUP = 3.0  # seconds that whoever defines a reminder waits for the name service, at most


@dataclass(frozen=True, slots=True)
class Due:
    """A call to be made: the number of its attempt, and where it goes, or why it cannot."""

    command: CallBack
    attempt: int
    where: Target | Exception


def targets(wanted: Sequence[CallBack]) -> list[Target | Exception]:
    """Where these calls go; the error for one that may not be made, or whose host has no address just now. It takes as
    long as a try may: what was known before should be asked for again."""
    places = [_place(one) for one in wanted]
    known = [where for where in places if isinstance(where, Place)]
    found = _look_up(known, within=configuration().timeout)
    return [_target(where, found) for where in places]


def _place(wanted: CallBack) -> Place | ForbiddenAddress:
    try:
        return place(callback_url(wanted.address, wanted.reminder_id))
    except ForbiddenAddress as error:
        return error


def _target(where: Place | ForbiddenAddress, found: Mapping[str, Found]) -> Target | Exception:
    if isinstance(where, ForbiddenAddress):
        return where
    try:
        return _checked(where, found)
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
        _checked(where, _look_up([where], within=LOOKUP))
    except ForbiddenAddress as error:
        raise BadAddress(str(error), "address") from error
    except socket.gaierror as error:
        if error.errno != socket.EAI_AGAIN:
            raise BadAddress(f"nobody knows the host of {address!r}", "address") from error
    except OSError as error:
        logger.info("%s may be called, for all that is known: %s", address, error, extra={"action": "names.unknown"})


def callback_url(address: str, reminder_id: UUID) -> str:
    """The address with the identifier as one more segment of its path. Raises ForbiddenAddress."""
    try:
        parts = urlsplit(address)
    except ValueError as error:
        raise ForbiddenAddress(f"{address!r} is no URL: {error}") from error
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{reminder_id}", fragment=""))


def _look_up(places: Iterable[Place], *, within: float) -> Mapping[str, Found]:
    """What their hosts stand for: each is asked for once, all of them at the same time."""
    return look_up({where.host for where in places if where.literal is None}, within=within)


def _checked(where: Place, found: Mapping[str, Found]) -> Target:
    """Raises ForbiddenAddress, and OSError when it is not known where it leads."""
    addresses = [where.literal] if where.literal else found[where.host]
    if isinstance(addresses, OSError):
        raise addresses
    settings = configuration()
    return checked(where, addresses, allowed_hosts=settings.allowed_hosts, loopback=settings.allow_loopback)
