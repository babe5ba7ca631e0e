"""The moves of every process, as the code declares them, kept in a table by which the database refuses any other."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.db import transaction

from opsconsole.kernel.registry import Registry

if TYPE_CHECKING:
    from opsconsole.streams.processes import ProcessManager

PROCESSES: "Registry[type[ProcessManager]]" = Registry("process")


class IllegalMove(Exception):
    """The state machine has no such move."""


def keep() -> None:
    """Make the table say what the code says, for the processes that the code knows."""
    from opsconsole.streams.models import Move

    with transaction.atomic():
        for name, process in PROCESSES:
            declared = declared_moves(process)
            stored = set(Move.objects.filter(process=name).values_list("source", "target"))
            for source, target in stored - declared:
                Move.objects.filter(process=name, source=source, target=target).delete()
            Move.objects.bulk_create(
                [Move(process=name, source=source, target=target) for source, target in declared - stored],
                ignore_conflicts=True,
            )


def declared_moves(process: "type[ProcessManager]") -> set[tuple[str, str]]:
    """Each as (from, to); from "" for the states to begin in."""
    moves: Mapping[str, frozenset[str]] = process.lifecycle.moves
    begins = {("", status) for status in process.begins_in}
    return begins | {(source, target) for source, targets in moves.items() for target in targets}
