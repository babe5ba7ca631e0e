"""What can be known to be wrong with the API's settings."""

import difflib
from dataclasses import fields
from typing import Any

from django.apps import apps
from django.core.checks import CheckMessage, Error, Warning
from django.core.checks import register as register_check

from opsconsole.api.configuration import Configuration, configuration, declared


def register() -> None:
    register_check(check_settings)
    register_check(check_apps)
    register_check(check_messages)


def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    known = [field.name for field in fields(Configuration)]
    problems: list[CheckMessage] = []
    for name in declared():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known settings: {', '.join(known)}."
            problems.append(Error(f"OPSCONSOLE_API has no setting {name!r}.", hint=hint, id="ops_api.E001"))
    settings = configuration()
    for field in fields(Configuration):
        value = getattr(settings, field.name)
        if not _fits(value, field.default):
            hint = f"Such as {field.default!r}."
            problems.append(Error(f"OPSCONSOLE_API[{field.name!r}] is {value!r}.", hint=hint, id="ops_api.E002"))
    return problems


def check_apps(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Without ninja's static files the page of the documentation would be fetched from elsewhere, which no browser
    does under the strict policy."""
    if apps.is_installed("ninja"):
        return []
    return [Warning("The API's documentation has no page.", hint="Add 'ninja' to INSTALLED_APPS.", id="ops_api.W003")]


def check_messages(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A permission that can be passed by is none."""
    if not apps.is_installed("opsconsole.streams"):
        return []
    from opsconsole.streams.moves import PROCESSES

    commands = {one.command.__contract__ for _, process in PROCESSES for one in process.by_hand}
    return [
        Warning(
            f"{contract.name!r} is sent to processes by hand, and by its name by whoever may send commands at all.",
            hint="Declare it with internal=True.",
            id="ops_api.W004",
        )
        for contract in sorted(commands, key=lambda contract: contract.name)
        if not contract.internal
    ]


def _fits(value: Any, default: Any) -> bool:
    if isinstance(default, bool | str):
        return type(value) is type(default)
    if isinstance(default, int):
        return type(value) is int and value > 0
    return type(value) in (int, float) and value > 0
