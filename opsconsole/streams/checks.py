"""What can be known to be wrong with processes and projectors before an event arrives."""

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning
from django.core.checks import register as register_check
from django.db import connection

from opsconsole.streams.moves import PROCESSES, declared_moves
from opsconsole.streams.processes import ProcessManager


def register() -> None:
    register_check(check_processes)
    register_check(check_moves, Tags.database)


def check_processes(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return [problem for _, process in PROCESSES for problem in _problems_of(process)]


def _problems_of(process: type[ProcessManager]) -> list[CheckMessage]:
    problems: list[CheckMessage] = []
    states = set(process.lifecycle.states)
    if not process.begins_in:
        problems.append(
            Error(
                f"Process {process.type_name!r} can begin in no state: each follows another one.",
                hint="Name some with begins_in=…",
                id="ops_streams.E001",
            )
        )
    named = {
        "begins_in": set(process.begins_in),
        "if_still": set(process.deadlines),
        "by_hand": {status for move in process.by_hand for status in move.statuses},
    }
    for where, statuses in named.items():
        for status in sorted(statuses - states):
            problems.append(
                Error(
                    f"Process {process.type_name!r} names {status!r} in {where}, which is none of its states.",
                    hint=f"Its states: {', '.join(process.lifecycle.states)}.",
                    id="ops_streams.E002",
                )
            )
    problems += [
        Error(
            f"{move.command.__name__}, sent by hand to process {process.type_name!r}, has no field process_id.",
            id="ops_streams.E003",
        )
        for move in process.by_hand
        if "process_id" not in move.command.model_fields
    ]
    return problems


def check_moves(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Run with `check --database default`: what the database allows is what the code declares."""
    if not databases or "default" not in databases:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('ops_streams_move') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return []  # not migrated yet
        cursor.execute("SELECT process, source, target FROM ops_streams_move")
        kept = set(cursor.fetchall())
    return [
        Warning(
            f"The database does not know the moves of process {name!r} as the code declares them.",
            hint="Run manage.py migrate.",
            id="ops_streams.W010",
        )
        for name, process in PROCESSES
        if {(name, *move) for move in declared_moves(process)} != {move for move in kept if move[0] == name}
    ]
