"""The settings of reminders: one typed dict, `OPSCONSOLE_REMINDERS`, in the project's settings."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed
from django.utils.crypto import salted_hmac

from opsconsole.engine import Exponential
from opsconsole.engine.retries import RetryPolicy

NAME = "OPSCONSOLE_REMINDERS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Durations are seconds. `retry` and `at_once`, and of `timeout` how long a worker is given, are read once, when
    commands and handlers are defined."""

    allowed_hosts: Collection[str] = ()  # may be called although their addresses are private
    allow_loopback: bool = False  # this machine may be called: for the demonstration and tests
    signing_key: str = ""  # shared with receivers, who check signatures with it; empty: made from SECRET_KEY
    timeout: float = 10.0  # of one try, from the first byte to the last; looking a name up comes on top
    retry: RetryPolicy = Exponential(first=2.0, times=7, longest=300.0)
    at_once: int = 100  # calls that are made together, at most: a process may have several such chunks under way

    @property
    def key(self) -> str:
        return self.signing_key or salted_hmac("opsconsole.reminders", "", algorithm="sha256").hexdigest()


@lru_cache(maxsize=1)
def configuration() -> Configuration:
    """The settings in force. Misspelt names are reported by the system check `ops_reminders.E001`."""
    known = {field.name for field in fields(Configuration)}
    given = {name: value for name, value in declared().items() if name in known}
    hosts = frozenset(host.lower() for host in given.get("allowed_hosts", ()))
    return Configuration(**{**given, "allowed_hosts": hosts})


def declared() -> dict[str, Any]:
    """`OPSCONSOLE_REMINDERS` as the project wrote it."""
    return dict(getattr(settings, NAME, {}))


def _forget(*, setting: str, **kwargs: object) -> None:
    if setting in (NAME, "SECRET_KEY"):
        configuration.cache_clear()


setting_changed.connect(_forget, dispatch_uid="opsconsole.reminders.configuration")
