"""What an operation needs, said where it is defined."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.exceptions import ImproperlyConfigured
from ninja.operation import Operation
from ninja.utils import contribute_operation_callback

V = TypeVar("V", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Needs:
    """All of `permissions`; none is open to every caller who has a token. A public one needs no token either."""

    permissions: tuple[str, ...] = ()
    open_on_loopback: bool = False
    is_public: bool = False

    @property
    def sentence(self) -> str:
        if self.is_public:
            return "Open to everybody."
        named = " and ".join(f"`{permission}`" for permission in self.permissions)
        return f"Needs {named}." if named else "Needs a token, with whatever permissions."


def needs(*permissions: str, open_on_loopback: bool = False, is_public: bool = False) -> Callable[[V], V]:
    """Name the permissions of an operation; they are checked before anything that was sent is acted upon.

    With `open_on_loopback` no token is asked for from this machine where the settings say so.
    """
    needed = Needs(permissions, open_on_loopback, is_public)

    def mark(view: V) -> V:
        view.__needs__ = needed  # type: ignore[attr-defined]
        if operation := getattr(view, "_ninja_operation", None):
            _tell(operation, needed)
        else:
            contribute_operation_callback(view, lambda operation: _tell(operation, needed))
        return view

    return mark


def needs_of(operation: Operation) -> Needs:
    """What it needs; raises ImproperlyConfigured when it does not say."""
    needed: Needs | None = getattr(operation.view_func, "__needs__", None)
    if needed is None:
        where = f"{operation.view_func.__module__}.{operation.view_func.__name__}"
        raise ImproperlyConfigured(f"{where} does not say what it needs: @needs(…)")
    return needed


def _tell(operation: Operation, needed: Needs) -> None:
    operation.description = f"{operation.description}\n\n{needed.sentence}".strip()
    if needed.is_public:
        operation.auth_param = None
