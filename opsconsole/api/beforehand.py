"""What may wait for the world outside: done before a POST's transaction, while no connection is held."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.db import connection
from ninja.operation import Operation

from opsconsole.api.requests import ApiRequest

V = TypeVar("V", bound=Callable[..., Any])
Look = Callable[[ApiRequest], None]


def beforehand(look: Look) -> Callable[[V], V]:
    """Have `look` called before the operation, once its caller is admitted; raises Problem to refuse.

    It finds what was sent in `request.json_body`, not compared with the operation's types yet. A request that is
    answered from memory, for its key, is not looked at again.
    """

    def mark(view: V) -> V:
        view.__beforehand__ = look  # type: ignore[attr-defined]
        return view

    return mark


def look_of(operation: Operation) -> Look | None:
    """What is to be done before it, if anything is."""
    found: Look | None = getattr(operation.view_func, "__beforehand__", None)
    return found


def give_back() -> None:
    """With a pool the connection goes back to it, else it is closed: whoever waits holds none."""
    if not connection.in_atomic_block:
        connection.close()
