"""The settings of the academic system: one typed dict, `ACADEMICS`, in the project's settings."""

from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class AcademicsSettings:
    """Durations are seconds. The mail retry is read once, when the commands are defined."""

    mail_retry_first: float = 3.0
    mail_retries: int = 4
    mail_threads: int = 8
    webhook_threads: int = 8
    webhook_timeout: float = 10.0  # for one try, from the first byte to the last
    webhook_hosts: frozenset[str] = frozenset()  # may be called although their addresses are private
    webhook_loopback: bool = False  # this machine may be called: for the demonstration and tests


def academics_settings() -> AcademicsSettings:
    """The settings in force; the demonstration's own receiver listens on this machine."""
    declared = {"webhook_loopback": getattr(settings, "DEMO", False)} | getattr(settings, "ACADEMICS", {})
    return AcademicsSettings(**declared)
