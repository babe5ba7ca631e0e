"""Declarations that cannot be, told before anything runs."""

from typing import Any

from django.core.checks import CheckMessage, Error
from django.core.checks import register as register_check

from opsconsole.schedules.declaring import PROBLEMS

# "ops_schedules.E001" name, "ops_schedules.E002" taken, "ops_schedules.E003" zone, "ops_schedules.E004" rule,
# "ops_schedules.E005" missed


def register() -> None:
    register_check(check_declarations)


def check_declarations(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return [Error(problem.text, hint=problem.hint or None, id=problem.id) for problem in PROBLEMS]
