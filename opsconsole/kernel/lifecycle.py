"""A lifecycle is a table of states and the moves between them; a move is a guarded update."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Q, QuerySet


class Lifecycle:
    """States and allowed moves of one kind of row.

    The same table feeds the CHECK constraint, the diagrams and the console's buttons.
    """

    def __init__(self, moves: Mapping[str, set[str]]) -> None:
        self.moves = {state: frozenset(targets) for state, targets in moves.items()}
        unknown = {target for targets in self.moves.values() for target in targets} - set(self.moves)
        if unknown:
            raise ValueError(f"moves lead to states that do not exist: {sorted(unknown)}")
        self.states = tuple(self.moves)

    @property
    def final(self) -> tuple[str, ...]:
        """States that nothing leaves."""
        return tuple(state for state, targets in self.moves.items() if not targets)

    def sources(self, target: str) -> tuple[str, ...]:
        """States from which `target` may be reached in one move."""
        return tuple(state for state, targets in self.moves.items() if target in targets)

    def allows(self, source: str, target: str) -> bool:
        return target in self.moves[source]

    def move(self, rows: "QuerySet[Any]", to: str, **changes: Any) -> int:
        """Move those rows that may still move; returns how many did."""
        return rows.filter(status__in=self.sources(to)).update(status=to, **changes)

    def check(self, column: str = "status") -> Q:
        """The condition of the CHECK constraint that keeps other words out of the column."""
        return Q(**{f"{column}__in": self.states})
