"""A database connection kept from one drain to the next."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections


def connection_of(task: Any) -> Any:
    """For a Celery task: of a worker its own connection; a caller in whose process it runs is left with his."""
    return nullcontext() if task.request.called_directly or task.request.is_eager else kept_connection()


class _Kept(threading.local):
    connection: Any = None


_kept = _Kept()


@contextmanager
def kept_connection() -> Iterator[None]:
    """Use the connection that the last block of this thread left, and leave it for the next.

    Celery closes Django's connections before and after every task, as it must for tasks of which it knows nothing.
    But a new connection has no plans and no caches yet: its first claim takes ten times as long as the next ones.
    So it is taken out of Django's hands between two drains. One that broke meanwhile fails the first statement,
    which ends a drain without harm.
    """
    if _kept.connection is not None:
        connections[DEFAULT_DB_ALIAS].close()
        connections[DEFAULT_DB_ALIAS], _kept.connection = _kept.connection, None
    try:
        yield
    finally:
        connection = connections[DEFAULT_DB_ALIAS]
        if connection.errors_occurred and not connection.is_usable():
            connection.close()
        _kept.connection = connection
        del connections[DEFAULT_DB_ALIAS]
