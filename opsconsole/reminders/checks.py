"""What can be known to be wrong with the settings before a reminder is due."""

import difflib
from dataclasses import fields
from typing import Any

from django.core.checks import CheckMessage, Error
from django.core.checks import register as register_check

from opsconsole.reminders.configuration import NAME, Configuration, declared


def register() -> None:
    register_check(check_settings)


def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    known = [field.name for field in fields(Configuration)]
    return [_misspelt(name, known) for name in declared() if name not in known]


def _misspelt(name: str, known: list[str]) -> Error:
    near = difflib.get_close_matches(name, known, 1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Known settings: {', '.join(known)}."
    return Error(f"{NAME} has no setting {name!r}.", hint=hint, id="ops_reminders.E001")
