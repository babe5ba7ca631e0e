"""What is kept of an exception, and which ones are not the handler's own."""

import traceback
from asyncio import CancelledError
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection
from django.db.utils import InterfaceError, OperationalError

from opsconsole.kernel import encoding
from opsconsole.kernel.fingerprints import fingerprint

MESSAGE_LIMIT = 4_000
TRACEBACK_LIMIT = 16_000
OWN_FAILURES = (Exception, SystemExit, CancelledError)  # how code that we call may end; an interrupt is not its own
_LOCKED = "55P03"
_CONFLICTS = ("40001", "40P01", _LOCKED)  # serialisation failure, deadlock, lock not available


class DatabaseAway(Exception):
    """The connection was lost under a command: neither its success nor its failure could be recorded."""


class LeaseLost(Exception):
    """The claim has passed to another worker; what this one did was rolled back."""


@dataclass(frozen=True, slots=True)
class Fault:
    """An error as it is stored: bounded, and free of what PostgreSQL cannot hold."""

    error_class: str
    message: str
    traceback: str = ""
    fingerprint: str = ""

    @classmethod
    def of(cls, error: BaseException) -> "Fault":
        name = type(error).__qualname__
        message = storable(_words(error), MESSAGE_LIMIT)
        return cls(
            name[:200],
            message,
            storable("".join(traceback.format_exception(error)), TRACEBACK_LIMIT),
            fingerprint(name, message, error.__traceback__),
        )


def _words(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as trouble:  # an exception that cannot be printed must still end up on record
        return f"its message cannot be read: {type(trouble).__qualname__}"


def storable(text: str, limit: int) -> str:
    """`text` without NUL and lone surrogates; the middle is left out when it is over `limit` characters."""
    clean = encoding.storable(text)
    if len(clean) <= limit:
        return clean
    half = limit // 2
    return f"{clean[:half]}\n… {len(clean) - 2 * half:,} characters left out …\n{clean[-half:]}"


@contextmanager
def noticing_a_lost_connection(*, may_have_none: bool = False) -> Iterator[None]:
    """Raises DatabaseAway when the connection that is in use at the start breaks inside the block, or when none can be
    had in it. One is made at the start, unless the block may do without.

    Ending a broken transaction, Django may open another connection by itself: only the old one can tell.
    """
    if not may_have_none:
        connection.ensure_connection()
    raw = connection.connection
    try:
        yield
    except Exception as error:
        used = connection.connection if raw is None else raw
        if (used is None or used.closed) and _comes_from_the_database(error):
            raise DatabaseAway from error
        raise


def _comes_from_the_database(error: BaseException | None) -> bool:
    """Whether it, or what it was raised because of, is an error of a connection."""
    while error is not None and not isinstance(error, OperationalError | InterfaceError):
        error = error.__cause__ or error.__context__
    return error is not None


def is_connection_lost(error: BaseException) -> bool:
    """Whether the database went away, rather than the handler failing."""
    if isinstance(error, DatabaseAway):
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    raw = connection.connection
    return raw is None or raw.closed or not connection.is_usable()


def is_conflict(error: BaseException) -> bool:
    """Whether two transactions got in each other's way: running again is enough."""
    cause = error.__cause__
    return isinstance(error, OperationalError) and getattr(cause, "sqlstate", None) in _CONFLICTS


def is_locked(error: BaseException) -> bool:
    """Whether a lock was waited for in vain: who runs again at once waits again."""
    return is_conflict(error) and getattr(error.__cause__, "sqlstate", None) == _LOCKED
