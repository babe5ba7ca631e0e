"""What can be known to be wrong with the settings before a reminder is due."""

import difflib
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from django.core.checks import CheckMessage, Error
from django.core.checks import register as register_check

from opsconsole.engine.retries import RetryPolicy
from opsconsole.reminders.configuration import NAME, Configuration, declared

LONGEST = 3_600.0  # seconds
MOST = 1_000


def _is_duration(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= LONGEST


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST


def _are_hosts(value: Any) -> bool:
    return isinstance(value, list | tuple | set | frozenset) and all(isinstance(host, str) for host in value)


RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "allowed_hosts": (_are_hosts, "A list of names: one text would mean each of its letters."),
    "allow_loopback": (lambda value: isinstance(value, bool), "True or False: any text would mean True."),
    "signing_key": (lambda value: isinstance(value, str), "A text."),
    "timeout": (_is_duration, f"A number of seconds above 0, {LONGEST:,.0f} at most."),
    "at_once": (_is_count, f"A whole number from 1 to {MOST:,}: each call is an open connection."),
    "retry": (
        lambda value: isinstance(value, RetryPolicy),
        "One of NoRetry, Fixed, Linear, Exponential, Delays, from opsconsole.engine.",
    ),
}


def register() -> None:
    register_check(check_settings)


def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    known = [field.name for field in fields(Configuration)]
    given = declared()
    unfit = [
        _unfit(name, given[name], hint)
        for name, (fits, hint) in RULES.items()
        if name in given and not fits(given[name])
    ]
    return [*(_misspelt(name, known) for name in given if name not in known), *unfit]


def _misspelt(name: str, known: list[str]) -> Error:
    near = difflib.get_close_matches(name, known, 1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Known settings: {', '.join(known)}."
    return Error(f"{NAME} has no setting {name!r}.", hint=hint, id="ops_reminders.E001")


def _unfit(name: str, value: Any, hint: str) -> Error:
    return Error(f"{NAME}[{name!r}] is {value!r}.", hint=hint, id="ops_reminders.E002")
