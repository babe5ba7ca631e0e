"""The engine's settings: one typed dict, `OPSCONSOLE`, in the project's settings."""

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.signals import setting_changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Durations are seconds, sizes bytes."""

    lease: float = 20.0  # a claim not renewed for so long is given to others
    poll: float = 1.0  # how often the dispatcher looks without being woken
    sweep: float = 0.5  # how often lost claims and unsettled batches are looked for
    chunk_size: int = 100  # commands claimed at once, at most
    chunk_seconds: float = 0.5  # expected work a claim aims at
    event_chunk_size: int = 1000
    drain_seconds: float = 5.0  # a drain then makes room for other queues
    handler_timeout: float = 300.0  # a handler running longer loses its claim; a Command may say otherwise
    max_losses: int = 3  # a command that lost its worker so often is given up, whatever its policy
    unknown_grace: float = 600.0  # a command whose type no code knows waits so long for a deployment, then fails
    payload_limit: int = 1_000_000
    wake_up: str = "after_commit"  # or "trigger" (rows written by other programs), or "off" (poll only)
    partition_period: str = "month"  # or "week", "day"
    partitions_ahead: int = 3
    runner_seen: float = 15.0  # a process not seen for so long counts as gone


CHOICES = {"wake_up": ("after_commit", "trigger", "off"), "partition_period": ("month", "week", "day")}


@lru_cache(maxsize=1)
def configuration() -> Configuration:
    """The settings in force. Misspelt names are reported by the system check `ops_engine.E001`."""
    known = {field.name for field in fields(Configuration)}
    return Configuration(**{name: value for name, value in declared().items() if name in known})


def declared() -> dict[str, Any]:
    """`OPSCONSOLE` as the project wrote it."""
    return dict(getattr(settings, "OPSCONSOLE", {}))


def _forget(*, setting: str, **kwargs: object) -> None:
    if setting == "OPSCONSOLE":
        configuration.cache_clear()


setting_changed.connect(_forget, dispatch_uid="opsconsole.configuration")
