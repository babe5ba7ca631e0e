"""The API's settings: one typed dict, `OPSCONSOLE_API`, in the project's settings."""

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Durations are seconds, sizes bytes."""

    system: str = "opsconsole"  # what /health says it is
    open_on_loopback: bool = False  # operations that allow it need no token from this machine: a demonstration
    body_limit: int = 1_000_000
    depth_limit: int = 64  # of lists and objects within each other
    page: int = 50
    largest_page: int = 200
    answers_kept: float = 86400.0  # an Idempotency-Key is remembered for so long
    patience: float = 10.0  # a request waits so long for the one before it with the same key
    longest_wait: float = 30.0  # for a command's result
    waiting: int = 50  # requests of a process that wait for results at a time
    waiting_each: int = 10  # of these, of one caller


@lru_cache(maxsize=1)
def configuration() -> Configuration:
    """The settings in force. Misspelt names are reported by the system check `ops_api.E001`."""
    known = {field.name for field in fields(Configuration)}
    return Configuration(**{name: value for name, value in declared().items() if name in known})


def declared() -> dict[str, Any]:
    """`OPSCONSOLE_API` as the project wrote it."""
    return dict(getattr(settings, "OPSCONSOLE_API", {}))


def _forget(*, setting: str, **kwargs: object) -> None:
    if setting == "OPSCONSOLE_API":
        configuration.cache_clear()


setting_changed.connect(_forget, dispatch_uid="opsconsole.api.configuration")
