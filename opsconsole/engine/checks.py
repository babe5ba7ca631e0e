"""What can be known to be wrong before the first command runs."""

import difflib
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning
from django.core.checks import register as register_check
from django.db import OperationalError, connection

from opsconsole.engine.configuration import CHOICES, Configuration, configuration, declared
from opsconsole.engine.messages import COMMANDS, EVENTS
from opsconsole.engine.partitions import PARTITIONED, last_bound
from opsconsole.engine.registry import HANDLERS, REACTIONS
from opsconsole.kernel import clock


def register() -> None:
    register_check(check_settings)
    register_check(check_handlers)
    register_check(check_database, Tags.database)


def tell_problems(write: Callable[[str], object]) -> None:
    """Check the database and tell what is wrong, as dispatcher and workers do when they start.

    Nothing is refused: the dispatcher is the one that makes missing partitions, and a database that is away
    is waited for. The connection is closed, for workers fork.
    """
    try:
        for problem in check_database(None, databases=["default"]):
            write(str(problem))
    except OperationalError as error:
        write(f"The database could not be checked: {error}")
    finally:
        connection.close()


def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    known = [field.name for field in fields(Configuration)]
    problems: list[CheckMessage] = [_misspelt(name, known) for name in declared() if name not in known]
    settings = configuration()
    for field in fields(Configuration):
        problem = _wrong_value(field.name, getattr(settings, field.name), field.default)
        if problem is not None:
            problems.append(problem)
    return problems


def _misspelt(name: str, known: list[str]) -> Error:
    near = difflib.get_close_matches(name, known, 1)
    hint = f"Did you mean {near[0]!r}?" if near else f"Known settings: {', '.join(known)}."
    return Error(f"OPSCONSOLE has no setting {name!r}.", hint=hint, id="ops_engine.E001")


def _wrong_value(name: str, value: Any, default: Any) -> Error | None:
    fact = f"OPSCONSOLE[{name!r}] is {value!r}."
    if name in CHOICES:
        return None if value in CHOICES[name] else Error(fact, hint=f"One of {CHOICES[name]}.", id="ops_engine.E002")
    if isinstance(default, int):
        is_right, hint = type(value) is int and value > 0, "A whole number above 0."
    else:
        is_right, hint = type(value) in (int, float) and value >= 0, "A number of seconds."
    if not is_right:
        return Error(fact, hint=hint, id="ops_engine.E004")
    if name == "lease" and value < 1:
        return Error("OPSCONSOLE['lease'] is under a second.", hint="20 is usual.", id="ops_engine.E003")
    return None


def check_handlers(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Every command has exactly one handler; a second one, or a name used twice, fails at import."""
    problems: list[CheckMessage] = [
        Error(
            f"Command {name!r} ({message.__module__}.{message.__qualname__}) has no handler.",
            hint="Write one with @handles in an installed app's handlers.py.",
            id="ops_engine.E010",
        )
        for name, message in COMMANDS
        if name not in HANDLERS
    ]
    problems += [
        Error(f"Something reacts to {name!r}, which is no known event.", id="ops_engine.E011")
        for name in REACTIONS
        if name not in EVENTS
    ]
    return problems


def check_database(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Run with `check --database default`, and by the dispatcher and workers as they start."""
    if not databases or "default" not in databases:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('ops_engine_command') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return []  # not migrated yet
        cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'ops_engine_%%_wake' AND NOT tgisinternal")
        triggers = cursor.fetchone()[0]
    problems: list[CheckMessage] = []
    for table in PARTITIONED:
        bound = last_bound(table)
        if bound is None or bound <= clock.now():
            problems.append(
                Error(
                    f"{table} has no partition for rows made now.",
                    hint="Run manage.py ops_partitions.",
                    id="ops_engine.E020",
                )
            )
    if configuration().wake_up == "trigger" and triggers < 2:
        problems.append(
            Error(
                "OPSCONSOLE['wake_up'] is 'trigger', but the triggers are missing.",
                hint="Run manage.py ops_triggers install.",
                id="ops_engine.E021",
            )
        )
    if configuration().wake_up != "trigger" and triggers:
        problems.append(
            Warning(
                "Wake-up triggers are installed but not wanted: they slow every writer down.",
                hint="Run manage.py ops_triggers remove, or set OPSCONSOLE['wake_up'] = 'trigger'.",
                id="ops_engine.W021",
            )
        )
    return problems
